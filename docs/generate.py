"""Write what comes from the program itself: `make docs`.

`tests/test_house.py` fails when a page here, and `tests/server/test_wire.py` when the explorer's
wire, is not what the program would write today.
"""

import json
import re
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

HERE = Path(__file__).parent
COMMANDS = HERE / "reference" / "commands.md"
# `npm run api` makes the page's types of it.
WIRE = HERE.parent / "web" / "src" / "api" / "openapi.json"
HEAD = """# Commands

Each command is also a Python function of the same name, and words that both have mean the same.
The measures are `latentscape.measure("structure", ...)` and so on there; options that describe a
training or a set of images are fields of `TrainConfig` and `DataConfig`, and `report` is its own
call. stdout is data (with `--json`, the record and nothing else); stderr is talk. Exit codes: 0
done, 1 the work failed, 2 the words were wrong.

*Generated from the program by `make docs`; do not edit.*
"""


def commands_page() -> str:
    """The reference of all commands, from the command line's own definition."""
    import typer

    from latentscape.cli.app import app

    command = typer.main.get_command(app)
    parts = [HEAD, *_sections(command, "latentscape")]
    return "\n".join(parts).rstrip() + "\n"


def wire() -> str:
    """What the explorer's server and its page say to each other, as OpenAPI."""
    from latentscape.server.app import make_app
    from latentscape.testing.exhibits import ToyExhibits

    return json.dumps(make_app(ToyExhibits()).openapi(), indent=1, ensure_ascii=False) + "\n"


def _sections(command: Any, words: str) -> list[str]:
    """One section a command, depth first; groups give their own sentence."""
    children = getattr(command, "commands", None)
    if children is None:
        return [_section(command, words)]
    parts = [] if words == "latentscape" else [f"## {words}\n\n{_prose(command.help)}\n"]
    for name, child in children.items():
        if not child.hidden:
            parts += _sections(child, f"{words} {name}")
    return parts


def _section(command: Any, words: str) -> str:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and not p.hidden]
    usage = " ".join([words, *(_placeholder(a) for a in arguments)])
    rows = [(f"`{_placeholder(a)}`".replace("|", "\\|"), _sentence(a)) for a in arguments]
    rows += [(_spelling(o), _sentence(o)) for o in options if o.name != "help"]
    table = [f"| {left} | {right} |" for left, right in rows]
    lines = [f"## {words}", "", _prose(command.help), "", "```", f"{usage} [OPTIONS]", "```", ""]
    if table:
        lines += ["| word | meaning |", "|---|---|", *table, ""]
    return "\n".join(lines)


def _placeholder(argument: Any) -> str:
    name = (argument.metavar or argument.name).strip("[]").removesuffix("...").upper()
    name += " ..." if argument.nargs == -1 else ""
    return name if argument.required else f"[{name}]"


def _spelling(option: Any) -> str:
    spellings = ", ".join(f"`{word}`" for word in (*option.opts, *option.secondary_opts))
    return spellings if option.is_flag else f"{spellings} {_kind(option)}"


def _kind(option: Any) -> str:
    """What may follow an option: its choices, or the name of its type."""
    annotation = option.type_descriptor.annotation
    parts = [part for part in get_args(annotation) if part is not type(None)]
    if get_origin(annotation) is Literal:
        return " \\| ".join(f"`{part}`" for part in parts)
    kind = parts[0] if parts else annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        return " \\| ".join(f"`{choice.value}`" for choice in kind)
    names = {"str": "text", "int": "whole number", "float": "number"}
    name = getattr(kind, "__name__", str(kind)).lower()
    return f"*{(option.metavar or names.get(name, name)).lower()}*"


def _sentence(parameter: Any) -> str:
    text = _prose(parameter.help or "").replace("|", "\\|").replace("\n", " ")
    default = parameter.default
    shown = default is not None and default is not False and not callable(default)
    if shown and not parameter.required and default not in ("", (), [], True):
        value = getattr(default, "value", default)
        text += f" Default: `{value}`."
    return text


def _prose(text: str | None) -> str:
    """Help text without terminal mark-up and wrapping."""
    plain = re.sub(r"\[/?(bold|dim|italic|cyan|green|yellow|red)\]", "", text or "")
    paragraphs = plain.replace("\b", "").strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


if __name__ == "__main__":
    COMMANDS.parent.mkdir(exist_ok=True)
    COMMANDS.write_text(commands_page(), encoding="utf-8")
    WIRE.write_text(wire(), encoding="utf-8")
    print(COMMANDS, WIRE, sep="\n")

"""The verbs gathered into one program, and what becomes of errors."""

import os
import sys
import warnings
from typing import Annotated

import typer

from latentscape import __version__
from latentscape.cli import (
    compare,
    demo,
    encode,
    explore,
    export,
    finetune,
    info,
    interpolate,
    measure,
    motion,
    project,
    report,
    train,
    traverse,
)
from latentscape.cli.talk import complain, show_warning
from latentscape.errors import LatentscapeError, UsageError

CTRL_C = 130  # what typer makes of it
WORDS = "`latentscape VERB --help` lists the words"

app = typer.Typer(
    name="latentscape",
    help="See, measure and travel the latent space of any autoencoder.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def latentscape(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it and stop.")
    ] = False,
) -> None:
    """See, measure and travel the latent space of any autoencoder."""


app.command("demo")(demo.demo)
app.command("train")(train.train)
app.command("finetune")(finetune.finetune)
app.command("encode")(encode.encode)
app.add_typer(measure.app, name="measure")
app.command("project")(project.project)
app.command("interpolate")(interpolate.interpolate)
app.command("traverse")(traverse.traverse)
app.command("motion")(motion.motion)
app.command("compare")(compare.compare)
app.command("explore")(explore.explore)
app.command("report")(report.report)
app.command("export")(export.export)
app.command("info")(info.info)


def run(arguments: list[str]) -> int:
    """Run one command and give its exit code; no traceback for a user's mistake."""
    warnings.showwarning = show_warning
    try:
        code = app(arguments or ["--help"], standalone_mode=False)
        if code == CTRL_C:
            raise KeyboardInterrupt
        sys.stdout.flush()
    except UsageError as error:
        complain(error.message, error.hint or WORDS)
        return error.exit_code
    except LatentscapeError as error:
        complain(error.message, error.hint)
        return error.exit_code
    except typer.TyperException as error:
        complain(error.format_message().rstrip("."), WORDS)
        return 2
    except (KeyboardInterrupt, typer.Abort):
        again = (
            "--resume goes on"
            if arguments[:1] in (["train"], ["finetune"])
            else "give the same words again"
        )
        complain("stopped by Ctrl-C", f"what was written before is whole; {again}")
        return 1
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        complain(
            f"{where}{error.strerror or error}", "make room, or allow reading and writing there"
        )
        return 1
    return code if isinstance(code, int) else 0

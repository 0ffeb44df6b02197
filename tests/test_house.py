"""The house itself: names, sizes, arrows that import-linter cannot see, pages that keep up."""

import ast
import importlib.util
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "latentscape"
FILES = sorted(SOURCE.rglob("*.py"))
ROOMS = sorted(path.parent.name for path in SOURCE.glob("*/__init__.py"))
HEAVY = {
    "torch", "lightning_fabric", "sklearn", "scipy", "umap", "openTSNE", "pacmap", "numba",
    "matplotlib", "datasets", "pandas", "pyarrow", "PIL", "skimage", "fastapi",
    "onnx", "onnxruntime", "diffusers", "huggingface_hub", "transformers",
}  # fmt: skip
PAGES = sorted(
    {*ROOT.glob("*.md"), *ROOT.glob("*/README.md"), *(ROOT / "docs").rglob("*.md")}
    - {*ROOT.glob(".*/README.md")}
)
PROGRAM = Path(sys.executable).with_name("latentscape")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> list[Function]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, Function)]


def parameters(function: Function) -> list[str]:
    spec = function.args
    names = [a.arg for a in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]
    return [name for name in names if name not in ("self", "cls")]


def code_lines(function: Function) -> int:
    """Lines of a function's body without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return function.end_lineno - body[0].lineno + 1 if body else 0


def names_given(path: Path) -> set[str]:
    """Every name that a file itself chooses: functions, classes, parameters, variables, fields."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, Function | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Store):
            names.add(node.id if isinstance(node, ast.Name) else node.attr)
    return names


def test_every_room_of_the_design_is_there():
    below = {"records", "data", "nn", "store", "metrics", "projection", "models"}
    middle = {"objectives", "trajectories", "motion", "training", "engine"}
    above = {"workflows", "report", "server", "cli", "testing"}
    assert set(ROOMS) == below | middle | above


def test_no_module_is_a_place_for_leftovers():
    homeless = {"utils", "util", "core", "helpers", "helper", "misc", "common", "tools", "base"}
    assert not [
        short(path)
        for path in FILES
        if homeless & set(path.relative_to(SOURCE).with_suffix("").parts)
    ]


def test_files_and_functions_keep_to_a_readable_size():
    long_files = [short(path) for path in FILES if len(path.read_text().splitlines()) > 500]
    assert not long_files, "a file wants splitting past 350 lines"
    long = [(short(p), f.name) for p in FILES for f in functions(p) if code_lines(f) > 60]
    assert not long, "functions of more than 60 lines"


def test_a_call_past_seven_parameters_is_a_config():
    """A command of the command line is exempt: its parameters are its options."""
    rooms = [path for path in FILES if path.parent.name != "cli"]
    wide = [(short(p), f.name) for p in rooms for f in functions(p) if len(parameters(f)) > 7]
    assert not wide, "functions of more than 7 parameters"


def test_annotations_are_alive():
    lazy = "from __future__ import annotations"
    assert not [short(path) for path in FILES if lazy in path.read_text(encoding="utf-8")]


def test_the_vocabulary_is_kept():
    """`encode` has no second word, counts are `n_*`; a library's own names may be called."""
    wrong = re.compile(r"embed(s|ding|dings|ded)?(_|$)|num_|number_of_", re.IGNORECASE)
    given = {short(path): {n for n in names_given(path) if wrong.match(n)} for path in FILES}
    assert not {path: names for path, names in given.items() if names}


def test_nothing_is_silenced_without_a_reason():
    reasoned = re.compile(r"# noqa: [A-Z]+\d+(, [A-Z]+\d+)* - \S")
    lines = [(short(p), line) for p in FILES for line in p.read_text().splitlines()]
    assert not [(p, line) for p, line in lines if "# noqa" in line and not reasoned.search(line)]


def test_every_error_says_how_to_mend_it():
    """A `UsageError` without a hint gets one from the command line; no other does."""
    kinds = {"DataError", "ModelError", "RunError", "StoreError", "TrainingError"}
    bare = [
        f"{short(path)}:{node.lineno}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        and node.func.id in kinds and len(node.args) + len(node.keywords) < 2
    ]  # fmt: skip
    assert not bare


def test_tests_mirror_the_source():
    stray = [
        short(path)
        for path in (ROOT / "tests").glob("*/test_*.py")
        if path.parent.name not in ROOMS
    ]
    assert not stray


def in_a_fresh_process(*words: str) -> set[str]:
    """Top-level modules that are loaded once `words` have run."""
    code = "import sys; " + words[0] + "; print('MODULES', *{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code, *words[1:]], capture_output=True, text=True, check=True
    )
    return set(done.stdout.rsplit("MODULES", 1)[1].split())


def test_importing_loads_no_heavy_guest():
    loaded = in_a_fresh_process("import latentscape; dir(latentscape)")
    assert "latentscape" in loaded
    assert not loaded & (HEAVY | {"numpy", "pydantic", "typer"})


def test_help_loads_no_heavy_guest():
    loaded = in_a_fresh_process("from latentscape.cli.app import run; run(['--help'])")
    assert "latentscape" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize("room", ["records", "store", "report", "server", "cli.app"])
def test_rooms_that_show_load_no_torch(room):
    assert "torch" not in in_a_fresh_process(f"import latentscape.{room}")


@pytest.mark.parametrize(
    ("command", "limit"),
    [
        pytest.param([sys.executable, "-c", "import latentscape"], 0.3, id="import"),
        pytest.param([PROGRAM, "--help"], 0.6, id="help"),
    ],
)
def test_opening_the_door_is_quick(command, limit):
    """Seconds of a whole process; the best of several, as other work on the machine only adds."""
    best = float("inf")
    for _ in range(10):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        best = min(best, time.perf_counter() - start)
        if best < limit:
            break
    assert best < limit


def test_public_names_are_complete_and_documented():
    import latentscape

    for name in latentscape.__all__:
        assert getattr(latentscape, name).__doc__, f"latentscape.{name} has no docstring"
    assert set(latentscape.__all__) <= set(dir(latentscape))


@pytest.mark.parametrize("page", PAGES, ids=short)
def test_links_between_pages_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text)
    local = [target for target in targets if "://" not in target]
    missing = [target for target in local if not (page.parent / target).exists()]
    assert not missing


def commands_in(page: Path) -> list[list[str]]:
    """The words of each `latentscape ...` line in the page's shell blocks."""
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    lines = [line.split("#")[0].split() for block in blocks for line in block.splitlines()]
    return [line[1:] for line in lines if line[:1] == ["latentscape"]]


@pytest.mark.parametrize("page", PAGES, ids=short)
def test_make_targets_in_pages_exist(page):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = re.findall(r"(?:^|`)make ([a-z]+(?: [a-z]+)*)", page.read_text(), flags=re.MULTILINE)
    assert {word for words in named for word in words.split()} <= targets


@pytest.mark.slow
@pytest.mark.parametrize("page", [p for p in PAGES if commands_in(p)], ids=short)
def test_commands_in_pages_run(page, tmp_path):
    for words in commands_in(page):
        done = subprocess.run(
            [PROGRAM, *words],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"latentscape {' '.join(words)}\n{done.stderr}"


def test_commands_page_is_what_the_program_says_today():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    written = generate.COMMANDS.read_text(encoding="utf-8")
    assert written == generate.commands_page(), "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=short)
def test_tables_have_as_many_cells_in_every_row(page):
    """A bar inside a cell must be escaped, or the row has one cell too many."""
    tables = re.findall(r"(?:^\|.*\n)+", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for table in tables:
        cells = {len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}
        assert len(cells) == 1, table


def test_decisions_are_short_listed_and_whole():
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    for record in (ROOT / "docs" / "decisions").glob("*.md"):
        text = record.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 30
        assert record.name in index
        assert all(f"**{part}.**" in text for part in ("Situation", "Choice", "Price"))
        assert text.startswith(f"# {record.name[:4]} ")


def test_pictures_in_the_docs_are_small_and_shown_somewhere():
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for picture in (ROOT / "docs" / "images").iterdir():
        assert picture.stat().st_size < 200_000
        assert picture.name in text

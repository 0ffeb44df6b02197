"""Names that are a room and a verb both: what is asked of them as of a function."""

import ast
import inspect
import pydoc
from pathlib import Path

import pytest

import latentscape
from latentscape.report.write import report
from latentscape.workflows.motion import motion

VERBS = {"motion": motion, "report": report}
FILES = sorted(Path(latentscape.__file__).parent.rglob("*.py"))


@pytest.mark.parametrize("name", VERBS)
def test_a_room_shows_its_verbs_signature_and_words(name):
    room, verb = getattr(latentscape, name), VERBS[name]
    assert inspect.signature(room) == inspect.signature(verb)
    text = pydoc.plain(pydoc.render_doc(room))
    for word in (f"{name}(", "Args:", *inspect.signature(verb).parameters):
        assert word in text
    assert "is also this package's" in text  # the room's own words are not lost
    assert inspect.getdoc(verb) in inspect.getdoc(room)


def test_every_setting_of_motion_is_named_in_its_signature():
    asked = inspect.signature(latentscape.motion).parameters
    assert not {"args", "kwargs", "words", "asked"} & set(asked)
    assert {"config", "out", "latents", "seed", "progress"} <= set(asked)


@pytest.mark.parametrize("name", VERBS)
def test_a_room_is_called_as_its_verb_and_lacks_what_it_lacks(name, monkeypatch):
    room, verb = getattr(latentscape, name), VERBS[name]
    monkeypatch.setattr(inspect.getmodule(verb), name, lambda *words, **asked: (words, asked))
    assert room("runs/x", data=None) == (("runs/x",), {"data": None})
    with pytest.raises(AttributeError, match=f"'latentscape.{name}' has no attribute 'nothing'"):
        room.nothing  # noqa: B018


@pytest.mark.parametrize("name", ["MotionConfig", "PredictConfig", "FitConfig"])
def test_the_configs_of_motion_are_in_the_hall_and_documented(name):
    config = getattr(latentscape, name)()
    assert name in latentscape.__all__
    assert "Attributes:" in (type(config).__doc__ or "")
    pages = Path(__file__).parents[1] / "docs" / "concepts"
    told = "".join((pages / f"{page}.md").read_text() for page in ("motion", "middle-frames"))
    assert f"latentscape.{name}(" in told


def test_no_public_signature_shows_a_lambda():
    for name in latentscape.__all__:
        if callable(thing := getattr(latentscape, name)):
            assert "<lambda>" not in str(inspect.signature(thing)), name


def test_no_default_is_a_lambda():
    found = []
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            defaults = []
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                defaults = [*node.args.defaults, *node.args.kw_defaults]
            if isinstance(node, ast.ClassDef):
                defaults = [line.value for line in node.body if isinstance(line, ast.AnnAssign)]
            lambdas = (one.lineno for one in defaults if isinstance(one, ast.Lambda))
            found += [f"{file.name}:{line}" for line in lambdas]
    assert not found

import pytest

from latentscape.cli.finetune import _plain, _settled
from latentscape.cli.options import parse_settings, sized, with_settings
from latentscape.data import DataConfig
from latentscape.errors import UsageError
from latentscape.models.build import build_model
from latentscape.models.config import ModelConfig
from latentscape.shapes import ImageShape
from latentscape.training import TrainConfig


def network(*pairs: str) -> dict:
    return parse_settings(list(pairs), TrainConfig, DataConfig)["network"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("32,64,128", [32, 64, 128]),
        ("[32, 64, 128]", [32, 64, 128]),
        ("[32,64,128]", [32, 64, 128]),
        ("[[1, 2], [3]]", [[1, 2], [3]]),
        ("a,b", ["a", "b"]),
        ("400,", [400]),
        ("400", 400),
        ("relu", "relu"),
        ('{"a": [1, 2]}', {"a": [1, 2]}),
        ("[32, 64", ["[32", 64]),
    ],
)
def test_a_value_is_json_else_a_list_with_commas_else_a_word(text, value):
    assert network(f"network.widths={text}")["widths"] == value


@pytest.mark.parametrize(
    ("name", "options"),
    [("mlp", {"hidden": [0]}), ("resnet", {"widths": [8, 0, 8]}), ("conv", {"widths": [8, 8, 0]}),
     ("conv", {"kernel": [8, 8, 8]})],
)  # fmt: skip
def test_what_a_networks_hint_says_can_be_set(name, options):
    def build(changed):
        return build_model(ModelConfig(name, ImageShape(1, 32, 32), (2,), options=changed))

    with pytest.raises(UsageError) as caught:
        build(options)
    example = str(caught.value.hint).removeprefix("e.g. ")
    assert " " not in example
    assert network(f"network.{example}").keys() == options.keys()
    build(network(f"network.{example}"))


def test_settings_of_data_change_a_name_and_a_sized_one():
    named = with_settings("sprites-motion", ["frame_step=2", "limit=90"], model="x")
    assert named == DataConfig("sprites-motion", frame_step=2, limit=90)
    small = sized("video:a.mp4", 32, model="x")
    assert with_settings(small, ["frame_step=3"], model="x") == DataConfig(
        "video:a.mp4", size=32, frame_step=3
    )
    assert with_settings("digits", None, model="x") == "digits"
    with pytest.raises(UsageError, match="of training"):
        with_settings("digits", ["recipe.beta=2"], model="x")
    with pytest.raises(UsageError, match="frame_stp"):
        with_settings("digits", ["frame_stp=2"], model="x")
    with pytest.raises(UsageError, match="none is named"):
        with_settings(None, ["limit=2"], model="x")


@pytest.mark.parametrize(
    ("model", "name"),
    [("runs/x/", "x"), ("python:nets.py:make", "nets-make"), ("diffusers:of/me,tiling=256", "me"),
     ("onnx:a/there.onnx,a/back.onnx", "there")],
)  # fmt: skip
def test_a_fine_tuned_run_is_named_after_its_base(model, name):
    assert _plain(model) == name


def test_settings_of_another_network_are_refused():
    with pytest.raises(UsageError, match=r"network\.widths"):
        _settled(["network.widths=3"], precision="auto", device="auto", doctor="stop")
    data, more = _settled(
        ["frame_step=2", "recipe.free_bits=1", "accumulate=2"],
        precision="fp32", device="cpu", doctor="off",
    )  # fmt: skip
    assert data == {"frame_step": 2}
    assert (more["accumulate"], more["recipe_options"]) == (2, {"free_bits": 1})

import pytest

from latentscape.cli.options import parse_settings
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

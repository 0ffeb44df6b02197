"""The tour goes through everything that the images allow."""

import numpy as np
import pytest

from latentscape import DataConfig, TrainConfig, report, tour, train
from latentscape.errors import UsageError


@pytest.fixture
def few(tmp_path):
    """A run on so many digits."""

    def run(n: int):
        config = TrainConfig(network="mlp", network_options={"hidden": [16]}, latent=3, epochs=1)
        train(DataConfig("digits", limit=n), config, out=tmp_path / "run")
        return tmp_path / "run"

    return run


MEASURED = {"store", "reconstruction", "structure", "collapse"}


@pytest.mark.parametrize(
    ("n", "kinds"),
    [
        (5, MEASURED | {"sheet"}),
        (20, MEASURED | {"sheet", "map", "traversal", "trajectory"}),
    ],
)
def test_what_few_images_do_not_allow_is_left_out_and_said(few, n, kinds):
    said: list[str] = []
    records = tour(few(n), say=said.append)
    assert {record.kind for record in records} == kinds
    left_out = [line for line in said if line.startswith("left out: ")]
    assert any("PaCMAP needs at least 10 points" in line for line in left_out)
    assert report(records[0].folder.rsplit("/stores")[0]).n_figures > 3


def test_with_enough_images_nothing_is_left_out(few):
    said: list[str] = []
    records = tour(few(200), say=said.append)
    assert not [line for line in said if line.startswith("left out")]
    names = [record.kind for record in records]
    assert [names.count(kind) for kind in ("map", "sheet", "trajectory")] == [2, 4, 2]
    assert all(np.isfinite(r.positions).all() for r in records if r.kind == "map")


def test_an_unknown_map_is_refused_at_once(tmp_path):
    with pytest.raises(UsageError, match="umpa"):
        tour(tmp_path / "never opened", maps=("pca", "umpa"))


def test_an_unknown_measure_is_refused_at_once(tmp_path):
    with pytest.raises(UsageError, match="'structur'"):
        tour(tmp_path / "never opened", measures=("structur",))

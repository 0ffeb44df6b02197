import numpy as np
import pytest

from latentscape.records import Journeys
from latentscape.trajectories.by_layer import balanced, layer_rows

S = (np.arange(9) + 0.5) / 9
BOWL, HILL = 1 + 4 * (2 * S - 1) ** 2, 5 - 4 * (2 * S - 1) ** 2


@pytest.fixture
def journeys():
    """Two layers: a loud one that arches, a quiet one that bows more the more is dissolved."""
    rng = np.random.default_rng(0)
    amount = np.linspace(0, 1, 40)
    quiet = 1 + amount[:, None] * 4 * (2 * S - 1) ** 2
    loud = 1e4 * np.tile(HILL, (40, 1)) * rng.uniform(0.5, 2, (40, 1))
    curves = np.stack([quiet, loud], 1).astype(np.float32)
    empty = np.zeros(0, np.uint8)
    return Journeys(
        criterion="random", pairs=(("a", "b"),) * 40, curves=curves.sum(1), nulls=curves.sum(1),
        layers=("quiet", "loud"), layer_curves=curves,
        layer_nulls=np.tile(BOWL, (40, 2, 1)).astype(np.float32), patterns=(), null_patterns=(),
        verdicts=(), numbers={"dissolve_amount": amount}, undefined={}, shown=(), frames=empty,
        dissolves=empty,
    )  # fmt: skip


def test_each_layer_is_named_by_its_own_curves(journeys):
    quiet, loud, even = layer_rows(journeys)
    assert [row.name for row in (quiet, loud, even)] == [
        "random, quiet", "random, loud", "random, balanced",
    ]  # fmt: skip
    assert loud["share_arch"].value == 1
    assert loud["share_arch"].reference.value == 0
    assert loud["share_horseshoe"].reference.value == 1
    assert loud["layer_share"].value > 0.999
    assert quiet["share_horseshoe"].value > 0.5
    assert quiet["amount_with_bow"].value == pytest.approx(1)
    assert quiet["style_parabola"].value == pytest.approx(1)
    assert quiet["style_parabola"].reference.value == pytest.approx(1)
    assert "layer_share" not in {measure.name for measure in even.measures}


def test_balanced_lets_every_layer_count():
    per_layer = np.random.default_rng(0).uniform(size=(50, 3, 9)) * [[1.0], [1e6], [0.0]]
    per_layer[7] = np.nan
    found, beside = balanced(per_layer, 2 * per_layer)
    wanted = [per_layer[:, i] / np.nanmedian(per_layer[:, i]) for i in range(2)]
    np.testing.assert_allclose(found, (wanted[0] + wanted[1]) / 2)
    np.testing.assert_allclose(beside, 2 * found)


def test_records_from_before_layers_were_kept_have_no_rows(journeys):
    before = journeys.model_copy(update={"layer_curves": None, "layer_nulls": None})
    assert layer_rows(before) == ()


def test_layers_that_nothing_defines_say_so(journeys):
    nothing = np.full_like(journeys.layer_curves, np.nan)
    lost = journeys.model_copy(update={"layer_curves": nothing, "layer_nulls": nothing})
    for row in layer_rows(lost):
        assert not row.measures
        assert row.undefined

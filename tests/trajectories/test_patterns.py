import numpy as np
import pytest

from latentscape.errors import ShapeError
from latentscape.metrics import CATALOGUE
from latentscape.trajectories.patterns import PATTERNS, Patterns, style_patterns

X = (2 * np.arange(9) + 1) / 9 - 1  # midpoints of ten frames


def of(*curves, **options) -> Patterns:
    return style_patterns(np.asarray(curves, float), **options)


def names(*curves) -> list[str]:
    return of(*curves).pattern.tolist()


def test_shapes_have_the_names_a_person_would_give_them():
    spike = [1, 1, 1, 1, 30, 1, 1, 1, 1]
    assert names(X**2 + 0.1, 1 - X**2, 1 + X, 1 - X) == ["horseshoe", "arch", "tilt", "tilt"]
    assert names(np.ones(9), 1 + 0.05 * X, 1 + np.cos(3 * np.pi * X)) == ["flat", "flat", "wave"]
    assert names(spike, np.roll(spike, 2), 31 - np.array(spike)) == ["arch", "arch", "horseshoe"]
    assert names([1, 1, 1, 1, 0, 1, 1, 1, 1]) == ["horseshoe"]
    assert names([0, 0, 0, 0, 0, 0, 0, 0, 1]) == ["tilt"]
    assert names([9, 1, 9, 1, 9, 1, 9, 1, 9]) == ["wave"]


def test_a_dissolve_of_linear_features_is_a_parabola_without_waves():
    """e = ‖M‖² + 2x⟨M, Δ⟩ + x²‖Δ‖² with Grams of real-valued features."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 40, 6, 50))
    t = np.linspace(0, 1, 10)[:, None, None, None]
    features = (1 - t) * a + t * b
    grams = features @ features.swapaxes(2, 3)
    curves = np.square(np.diff(grams, axis=0)).sum((2, 3)).T
    found = style_patterns(curves)
    assert found.wave_share == pytest.approx(0, abs=1e-20)
    assert found.parabola == pytest.approx(1)
    assert (found.bow > 0).all()
    assert set(found.pattern.tolist()) <= {"horseshoe", "tilt"}


@pytest.mark.parametrize("n", [4, 5, 9, 40])
def test_the_parabola_is_polyfits(n):
    rng = np.random.default_rng(n)
    x, curves = (2 * np.arange(n) + 1) / n - 1, rng.random((20, n))
    found = style_patterns(curves)
    for i, curve in enumerate(curves / curves.mean(1, keepdims=True)):
        left = curve - np.polyval(np.polyfit(x, curve, 2), x)
        total = np.square(curve - curve.mean()).sum()
        assert found.parabola[i] == pytest.approx(1 - np.square(left).sum() / total)
    assert found.cv == pytest.approx(curves.std(1) / curves.mean(1))


def test_coefficients_become_legendres_on_a_fine_grid():
    n = 4000
    x = (2 * np.arange(n) + 1) / n - 1
    wanted = np.array([1, 0.3, -0.2, 0.1, 0.05])
    curve = np.polynomial.legendre.legval(x, wanted)
    found = of(curve)
    assert found.coefficients[0, :4] == pytest.approx(wanted[1:], abs=1e-5)
    assert found.tilt[0] == pytest.approx(0.3, abs=1e-5)
    assert found.bow[0] == pytest.approx(-0.2, abs=1e-5)
    share = (0.1**2 + 0.05**2) / np.square(wanted[1:]).sum()
    assert found.wave_share[0] == pytest.approx(share, abs=1e-4)


def test_descriptors_do_not_depend_on_scale_and_mirror_with_the_curve():
    curves = np.random.default_rng(1).random((30, 9))
    one, large, back = (style_patterns(c) for c in (curves, 1e-12 * curves, curves[:, ::-1]))
    for name in ("tilt", "bow", "wave_share", "parabola", "cv"):
        assert getattr(large, name) == pytest.approx(getattr(one, name))
    assert back.tilt == pytest.approx(-one.tilt)
    assert back.bow == pytest.approx(one.bow)
    assert back.turns.tolist() == one.turns.tolist()
    assert (large.pattern == one.pattern).all()


def test_turns_are_counted_by_hand():
    found = of(
        [0, 1, 0, 1, 0], [0, 1, 2, 3, 4], [4, 0, 4, 4, 4], [0, 5, 4.9, 5, 0], [0, 9, 0, 1, 0]
    )
    assert found.turns.tolist() == [3, 0, 1, 1, 1]


def test_against_the_matched_dissolve():
    d = X**2 + 0.1
    found = of(d, 3 * d, 2 - d, np.ones(9), dissolve=np.stack([d] * 4))
    assert found.matched[:3] == pytest.approx([1, 1, -1])
    assert np.isnan(found.matched[3])
    assert found.height[:2] == pytest.approx([1, 3])
    still = of(d, dissolve=np.zeros((1, 9)))
    assert np.isnan(still.matched[0])
    assert np.isnan(still.height[0])


def test_bad_curves_are_undefined_with_a_reason_and_the_others_go_on():
    nan, inf = np.where(X > 0.8, np.nan, 1), np.where(X < -0.8, np.inf, 1)
    found = of(np.zeros(9), nan, inf, -np.ones(9), X**2, 1e-300 * np.ones(9))
    assert found.pattern.tolist() == [*["undefined"] * 4, "horseshoe", "flat"]
    assert [why != "" for why in found.unfit] == [True, True, True, True, False, False]
    assert np.isnan(found.bow[:4]).all()
    assert "NaN" in found.unfit[1]
    assert "never" in found.unfit[0]


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_short_curves_have_no_shape(n):
    found = style_patterns(np.ones((3, n)))
    assert found.pattern.tolist() == ["undefined"] * 3
    assert f"{n + 1} frames" in found.unfit[0]


def test_a_constant_curve_is_flat_and_has_no_waves_of_rounding():
    found = of(np.full(9, 0.1), np.full(9, 1 / 3))
    assert found.pattern.tolist() == ["flat", "flat"]
    assert found.tilt == pytest.approx(0, abs=1e-12)
    assert np.isnan(found.wave_share).all()


def test_batches_join_to_what_they_are_together():
    curves = np.random.default_rng(2).random((10, 9))
    whole = style_patterns(curves, curves[::-1])
    joined = Patterns.joined([style_patterns(curves[:3], curves[::-1][:3]),
                              style_patterns(curves[3:], curves[::-1][3:])])  # fmt: skip
    assert len(joined) == 10
    assert (joined.pattern == whole.pattern).all()
    assert joined.matched == pytest.approx(whole.matched)
    assert len(style_patterns(np.zeros((0, 9)))) == 0


def test_every_column_is_in_the_catalogue_and_within_bounds():
    curves = np.random.default_rng(3).random((200, 9)) ** 4
    columns = style_patterns(curves, curves[::-1]).columns
    assert set(style_patterns(curves).columns) == set(columns) - {"style_matched", "style_height"}
    for name, values in columns.items():
        low, high = CATALOGUE[name].bounds
        assert low is None or (values >= low - 1e-12).all()
        assert high is None or (values <= high + 1e-12).all()
    assert set(style_patterns(curves).pattern.tolist()) <= set(PATTERNS)


def test_curves_of_the_wrong_shape_are_refused():
    with pytest.raises(ShapeError, match="pairs × values"):
        style_patterns(np.zeros(9))
    with pytest.raises(ShapeError, match="dissolves"):
        style_patterns(np.zeros((2, 9)), np.zeros((3, 9)))

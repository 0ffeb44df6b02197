import numpy as np
import pytest
import torch

from latentscape.errors import ShapeError, UsageError
from latentscape.metrics import CATALOGUE
from latentscape.trajectories import parts
from latentscape.trajectories.panel import Panel, dissolve_panel

STEPS = 10
T = np.linspace(0, 1, STEPS)


def fade(a: np.ndarray, b: np.ndarray, steps: int = STEPS) -> np.ndarray:
    """Cross-dissolves, ``pairs steps ...``, of images ``pairs ...``."""
    t = np.linspace(0, 1, steps).reshape(1, -1, 1, 1, 1)
    return (1 - t) * a[:, None] + t * b[:, None]


def pictures(n: int, *, size: int = 24, channels: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((n, channels, size, size))


@pytest.mark.parametrize("steps", [3, 4, 10, 31])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_dissolve_has_its_exact_values(steps, kind):
    frames = fade(pictures(20), pictures(20, seed=1), steps).astype(kind)
    found = dissolve_panel(frames)
    t = np.linspace(0, 1, steps)
    assert found.blend == pytest.approx(np.broadcast_to(t, (20, steps)), abs=1e-6)
    assert found.off_blend == pytest.approx(0, abs=1e-6)
    assert found.deficits[:, 1:-1] == pytest.approx(1, abs=1e-6)
    assert found.deficit == pytest.approx(1, abs=1e-6)
    assert found.path_ratio == pytest.approx(1, abs=1e-6)
    assert found.turning == pytest.approx(0, abs=1e-2)
    assert np.isnan(found.deficits[:, [0, -1]]).all()


def test_numbers_equal_a_plain_reading_of_their_formulas():
    rng = np.random.default_rng(3)
    frames = rng.random((7, 6, 3, 9, 11))
    found = dissolve_panel(frames)
    t = np.linspace(0, 1, 6)
    for i, y in enumerate(frames):
        d, u = (y[-1] - y[0]).ravel(), [(f - y[0]).ravel() for f in y]
        blend = np.array([v @ d / (d @ d) for v in u])
        off = np.array(
            [np.square(v - a * d).sum() / (d @ d) for v, a in zip(u, blend, strict=True)]
        )
        assert found.blend[i] == pytest.approx(blend)
        assert found.off_blend[i] == pytest.approx(off, abs=1e-12)
        assert found.blend_gap[i] == pytest.approx(np.abs(blend - t).max())
        assert found.off_blend_most[i] == pytest.approx(off.max())
        assert found.off_blend_median[i] == pytest.approx(np.median(off[1:-1]))
        variance = y.reshape(6, 3, -1).var(2).sum(1)
        spread = (y[-1] - y[0]).reshape(3, -1).var(1).sum()
        lost = (1 - t) * variance[0] + t * variance[-1] - variance
        inner = lost[1:-1] / (t * (1 - t))[1:-1] / spread
        assert found.deficits[i, 1:-1] == pytest.approx(inner)
        assert found.deficit[i] == pytest.approx(lost.sum() / (t * (1 - t)).sum() / spread)
        steps = np.diff(y.reshape(6, -1), axis=0)
        lengths = np.linalg.norm(steps, axis=1)
        assert found.path_ratio[i] == pytest.approx(lengths.sum() / np.linalg.norm(d))
        cosines = (steps[1:] * steps[:-1]).sum(1) / lengths[1:] / lengths[:-1]
        assert found.turning[i] == pytest.approx(np.arccos(cosines).sum())


def squares(size: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """A bright square on the left, and one on the right; flat everywhere else."""
    a, b = np.zeros((2, 1, 1, size, size))
    a[..., 8:16, 4:12], b[..., 8:16, 20:28] = 1, 1
    return a, b


def test_ghosts_are_the_edges_of_both_ends_at_once():
    a, b = squares()
    cut = np.concatenate([a[:, None]] * 5 + [b[:, None]] * 5, axis=1)
    moved = np.stack([np.roll(a, round(16 * t), axis=-1) for t in T], axis=1)
    assert dissolve_panel(fade(a, b)).ghost == pytest.approx(1, abs=1e-9)
    assert dissolve_panel(fade(a, b, 9)).ghost == pytest.approx(1, abs=1e-9)
    assert dissolve_panel(cut).ghost == pytest.approx(0, abs=1e-9)
    assert dissolve_panel(moved).ghost < 0.3


def test_an_unrelated_image_half_way_is_three_quarters_off_the_line():
    rng = np.random.default_rng(0)
    frames = rng.normal(size=(10, 3, 3, 64, 64))
    found = dissolve_panel(frames)
    assert found.off_blend_most == pytest.approx(0.75, abs=0.05)
    assert found.blend[:, 1] == pytest.approx(0.5, abs=0.05)
    assert found.path_ratio == pytest.approx(2, abs=0.1)
    assert found.turning == pytest.approx(2 * np.pi / 3, abs=0.1)


def test_a_cut_stands_on_the_line_and_loses_no_contrast():
    a, b = pictures(8), 0.5 * pictures(8, seed=1)
    found = dissolve_panel(np.concatenate([np.stack([a] * 5, 1), np.stack([b] * 5, 1)], axis=1))
    assert found.off_blend_most == pytest.approx(0, abs=1e-12)
    assert found.deficit == pytest.approx(0, abs=1e-12)
    assert found.path_ratio == pytest.approx(1)
    assert found.blend_gap == pytest.approx(4 / 9)
    assert found.turning == pytest.approx(0, abs=1e-6)


def test_what_has_no_verdict_says_why_and_the_others_go_on():
    frames = fade(pictures(5), pictures(5, seed=1))
    clean = dissolve_panel(frames)
    frames[0] = frames[0, :1]  # both ends the same
    frames[1, 4, 0, 0, 0] = np.nan
    frames[2] = frames[2, :1] + 0.1 * T[:, None, None, None]  # brighter, otherwise the same
    frames[3, 0] = np.inf
    found = dissolve_panel(frames)
    assert [bool(why) for why in found.unfit] == [True, True, True, True, False]
    assert "same picture" in found.unfit[0]
    assert "NaN" in found.unfit[1]
    assert "tone" in found.unfit[2]
    assert "NaN" in found.unfit[3]
    for name, values in found.columns.items():
        assert np.isnan(values[:4]).all()
        assert values[4] == pytest.approx(clean.columns[name][4], nan_ok=True)


@pytest.mark.parametrize("steps", [1, 2])
def test_two_frames_have_nothing_between_them(steps):
    found = dissolve_panel(pictures(4)[:, None].repeat(steps, axis=1))
    assert all("at least 3" in why for why in found.unfit)
    assert all(np.isnan(values).all() for values in found.columns.values())
    assert found.n_steps == steps


def test_no_pairs_make_an_empty_panel():
    found = dissolve_panel(np.zeros((0, 10, 1, 8, 8)))
    assert len(found) == 0


def test_small_images_lack_only_ghosts():
    frames = fade(pictures(3, size=2), pictures(3, size=2, seed=1))
    found = dissolve_panel(frames)
    assert found.unfit.tolist() == ["", "", ""]
    assert np.isnan(found.ghost).all()
    assert found.deficit == pytest.approx(1)


def test_tensors_arrays_and_spans_give_the_same(monkeypatch):
    frames = np.random.default_rng(5).random((9, 5, 1, 8, 8)).astype(np.float32)
    cycle = np.random.default_rng(6).random((9, 5))
    whole = dissolve_panel(frames, cycle=cycle)
    tensor = dissolve_panel(torch.from_numpy(frames).requires_grad_(), cycle=cycle)
    monkeypatch.setattr(parts, "PART_VALUES", 1)
    monkeypatch.setattr(parts.spans, "__kwdefaults__", {"n_values": 1})
    single = dissolve_panel(frames, cycle=cycle)
    joined = Panel.joined(
        [dissolve_panel(frames[:4], cycle=cycle[:4]), dissolve_panel(frames[4:], cycle=cycle[4:])]
    )
    for other in (tensor, single, joined):
        for name, values in whole.columns.items():
            assert other.columns[name] == pytest.approx(values, nan_ok=True)
        assert other.deficits[:, 1:-1] == pytest.approx(whole.deficits[:, 1:-1])


def test_nearness_to_data_is_taken_between_the_ends():
    frames = fade(pictures(2), pictures(2, seed=1), 5)
    cycle = np.array([[1, 3, 4, 9, 3], [0, 1, 1, 1, 0]], float)
    near = np.array([[9, 1, 2, 3, 9], [9, 1, 1, 1, 9]], float)
    found = dissolve_panel(frames, cycle=cycle, neighbours=near)
    assert found.residual.tolist() == [4, 1]
    assert found.residual_ratio[0] == 2
    assert np.isnan(found.residual_ratio[1])  # data that come back exactly set no level
    assert found.neighbours.tolist() == [2, 1]
    level = np.array([4.0, 4.0])
    assert dissolve_panel(frames, cycle=cycle, cycle_level=level).residual_ratio.tolist() == [
        1,
        0.25,
    ]
    assert "cycle_residual" not in dissolve_panel(frames).columns


def test_every_column_is_in_the_catalogue_and_within_bounds():
    frames = np.random.default_rng(0).random((40, 6, 1, 8, 8))
    ones = np.ones((40, 6))
    columns = dissolve_panel(frames, cycle=ones, neighbours=ones, truth=frames).columns
    assert len(columns) == 11
    for name, values in columns.items():
        low, high = CATALOGUE[name].bounds
        known = values[np.isfinite(values)]
        assert low is None or (known >= low).all()
        assert high is None or (known <= high).all()


def test_arrays_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match="pairs × steps"):
        dissolve_panel(np.zeros((10, 3, 8, 8)))
    with pytest.raises(ShapeError, match="cycle errors"):
        dissolve_panel(np.zeros((2, 10, 3, 8, 8)), cycle=np.zeros((2, 9)))
    with pytest.raises(ShapeError, match="cycle levels"):
        dissolve_panel(np.zeros((2, 10, 3, 8, 8)), cycle_level=np.zeros(3))
    with pytest.raises(ShapeError, match="neighbour ratios"):
        dissolve_panel(np.zeros((2, 10, 3, 8, 8)), neighbours=np.zeros((3, 10)))


def test_memory_does_not_grow_with_the_pairs(measured):
    script = """
import numpy as np
from latentscape.trajectories.panel import dissolve_panel
frames = np.random.default_rng(0).random(({n}, 10, 1, 28, 28), dtype=np.float32)
dissolve_panel(frames[:2])
before = peak()
dissolve_panel(frames)
print((peak() - before) / 1e6)
"""
    (grown,) = measured(script.format(n=3000))
    assert grown < 130  # the frames are 94 MB, one double copy of them 188


def test_skill_comes_along_where_truth_is_known():
    frames = fade(pictures(2), pictures(2, seed=1))
    truth = np.random.default_rng(1).random(frames.shape)
    truth[:, [0, -1]] = frames[:, [0, -1]]
    assert dissolve_panel(frames, truth=truth).skill == pytest.approx(0, abs=1e-9)
    assert dissolve_panel(truth, truth=truth).skill == pytest.approx(1)


def test_unknown_rule_is_a_usage_error():
    from latentscape.trajectories.verdict import verdicts

    with pytest.raises(UsageError, match="no rule"):
        verdicts(dissolve_panel(np.zeros((0, 10, 1, 8, 8))), rule="turn")  # type: ignore[arg-type]

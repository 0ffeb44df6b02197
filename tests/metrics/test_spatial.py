import numpy as np
import pytest
from scipy import stats

from latentscape.errors import ShapeError, UndefinedError
from latentscape.metrics.catalogue import CATALOGUE
from latentscape.metrics.spatial import spatial_statistics, statistics_of
from latentscape.metrics.spatial_sums import Frame, SpatialSums


def noise(n: int = 300, shape: tuple[int, int, int] = (3, 6, 8), seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, *shape)).astype(np.float32)


@pytest.fixture
def mixed() -> np.ndarray:
    """Channels that correlate, are smooth along x, lie far from 0, and have a mean map."""
    latents = noise(240) * [[[0.2]], [[3.0]], [[1.0]]] + np.array([-3, 500, 0])[:, None, None]
    latents[:, 2] = np.exp(0.4 * latents[:, 2]) + 0.8 * latents[:, 0]
    latents[:, 0, :, 1:] += 0.7 * latents[:, 0, :, :-1]
    return (latents + np.linspace(0, 2, 8)).astype(np.float32)


def lagged(residual: np.ndarray, lag: int) -> np.ndarray:
    left, right = residual[..., :-lag], residual[..., lag:]
    covariance = (left * right).mean((0, 2, 3))
    return covariance / np.sqrt(np.square(left).mean((0, 2, 3)) * np.square(right).mean((0, 2, 3)))


def twin(latents: np.ndarray) -> dict[str, np.ndarray]:
    """The same numbers the plain way, all latents at once."""
    x = latents.astype(np.float64)
    c, h, w = x.shape[1:]
    flat = x.transpose(1, 0, 2, 3).reshape(c, -1)
    residual = x - x.mean(0)
    across = [lagged(residual, lag) for lag in range(1, w)]
    down = [lagged(residual.swapaxes(2, 3), lag) for lag in range(1, h)]
    return {
        "mean": flat.mean(1),
        "std": flat.std(1),
        "skew": stats.skew(flat, axis=1),
        "kurtosis": stats.kurtosis(flat, axis=1),
        "correlation": np.corrcoef(flat),
        "horizontal": np.stack(across, 1),
        "vertical": np.stack(down, 1),
        "mean_map": x.mean(0),
        "std_map": x.std(0),
    }


def of_channels(found, name: str) -> np.ndarray:
    return np.array([row[f"channel_{name}"].value for row in found.rows[1:]])


@pytest.mark.parametrize("kind", ["mixed", "noise", "ties"])
def test_every_number_agrees_with_a_plain_twin(kind, mixed):
    latents = {"mixed": mixed, "noise": noise(40), "ties": noise(50).round()}[kind]
    found, true = spatial_statistics(latents), twin(latents)
    for name in ("correlation", "horizontal", "vertical", "mean_map", "std_map"):
        np.testing.assert_allclose(getattr(found, name), true[name], rtol=1e-5, atol=1e-6)
    for name in ("mean", "std", "skew", "kurtosis"):
        np.testing.assert_allclose(of_channels(found, name), true[name], rtol=1e-5, atol=1e-6)


def test_the_null_is_what_shuffling_gives(mixed):
    rng = np.random.default_rng(0)
    residual = mixed - mixed.mean(0)
    offset = rng.normal(size=(len(mixed), 1, 1, 1))  # lightness of the whole image
    latents = (residual + offset).astype(np.float32)
    found = spatial_statistics(latents)
    flat = latents.reshape(len(latents), 3, -1)
    drawn = []
    for _ in range(30):
        order = rng.permuted(np.tile(np.arange(48), (len(latents), 1)), axis=1)
        shuffled = np.take_along_axis(flat - flat.mean(0), order[:, None], 2)
        shuffled = shuffled.reshape(latents.shape)
        products = (shuffled[..., :-1] * shuffled[..., 1:]).mean((0, 2, 3))
        drawn.append(products / (flat - flat.mean(0)).var(0).mean(1))
    np.testing.assert_allclose(found.null, np.mean(drawn, 0), atol=0.01)
    assert found.null[1] > 0.05


def test_white_noise_has_no_structure_and_says_so():
    overall = spatial_statistics(noise(400)).rows[0]
    for name in ("spatial_autocorrelation", "channel_correlation"):
        measure = overall[name]
        assert abs(measure.value) < 0.02
        assert abs(measure.reference.value) < 0.02
    correlated = overall["spatial_autocorrelation"]
    assert correlated.low < 0.004
    assert correlated.high > -0.004
    assert overall["position_share"].value < 1.3 * overall["position_share"].reference.value


def test_a_grid_that_varies_most_in_its_middle_correlates_by_no_more_than_1():
    lightness = np.random.default_rng(0).normal(size=(400, 1, 1, 1))
    weights = np.array([0.7, 1, 0.7])
    latents = (lightness * weights + 1e-3 * noise(400, (1, 5, 3))).astype(np.float32)
    found = spatial_statistics(latents)
    assert found.horizontal[0, 0] == pytest.approx(2 * 0.7 / (0.7**2 + 1), abs=1e-4)
    assert found.vertical[0] == pytest.approx(1, abs=1e-4)
    measure = found.rows[0]["spatial_autocorrelation"]
    assert -1 <= measure.low <= measure.value <= measure.high <= 1


def test_a_grid_of_two_places_correlates_as_the_two_do():
    latents = noise(200, (1, 1, 2)) * np.float32([5, 0.1])
    latents[..., 1] += latents[..., 0] / 50
    expected = np.corrcoef(latents[:, 0, 0].T)[0, 1]
    assert spatial_statistics(latents).horizontal[0, 0] == pytest.approx(expected, rel=1e-5)


def test_a_first_order_process_decays_by_its_own_factor():
    rng = np.random.default_rng(0)
    latents = rng.normal(size=(2000, 1, 4, 10))
    for x in range(1, 10):
        latents[..., x] = 0.8 * latents[..., x - 1] + 0.6 * latents[..., x]
    found = spatial_statistics(latents.astype(np.float32))
    np.testing.assert_allclose(found.horizontal[0], 0.8 ** np.arange(1, 10), atol=0.03)
    np.testing.assert_allclose(found.vertical[0], 0, atol=0.03)
    inside = found.rows[0]["spatial_autocorrelation"]
    assert inside.low < 0.4 < inside.high


def test_a_pattern_in_every_image_is_a_share_of_variance_not_a_correlation():
    pattern = np.sin(np.arange(48)).reshape(6, 8)
    found = spatial_statistics(noise(400) + (np.sqrt(2) * pattern).astype(np.float32))
    overall = found.rows[0]
    assert overall["position_share"].value == pytest.approx(0.5, abs=0.02)
    assert abs(overall["spatial_autocorrelation"].value) < 0.02
    shared = overall["channel_correlation"]
    assert shared.value == pytest.approx(0.5, abs=0.03)
    assert shared.reference.value == pytest.approx(shared.value, abs=0.02), "the pattern's doing"


@pytest.mark.parametrize("n_shards", [1, 8])
def test_shards_give_the_same_answer(n_shards, mixed):
    frame = Frame.of(mixed[:10])
    shards = [SpatialSums.of(part, frame) for part in np.array_split(mixed, n_shards)]
    found, whole = statistics_of(shards), spatial_statistics(mixed)
    for name in ("correlation", "horizontal", "vertical", "null", "mean_map", "std_map"):
        np.testing.assert_allclose(getattr(found, name), getattr(whole, name), rtol=1e-5, atol=1e-7)
    assert found.counts.sum() == whole.counts.sum() == mixed.size
    assert (found.rows[0]["position_share"].low is None) == (n_shards == 1)


def test_histograms_count_everything_where_it_lies():
    latents = noise(100, (2, 4, 4)) * 2 + 7
    latents[0, 0, 0, 0] = 1000
    found = spatial_statistics(latents)
    assert found.counts.sum(1).tolist() == [1600, 1600]
    middles = (found.edges[1, 1:] + found.edges[1, :-1]) / 2
    mean = (middles * found.counts[1]).sum() / 1600
    assert mean == pytest.approx(latents[:, 1].mean(), abs=0.1)
    assert found.counts[0, -1] == 1


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    held = 0
    for seed in range(40):
        measure = spatial_statistics(noise(60, (1, 4, 4), seed)).rows[1]["channel_std"]
        held += measure.low < 1 < measure.high
    assert held >= 33


def test_whole_groups_stay_in_one_block():
    latents = noise(10, (1, 3, 3)).repeat(20, axis=0)
    groups = np.arange(10).repeat(20)
    alone = spatial_statistics(latents).rows[1]["channel_std"]
    together = spatial_statistics(latents, groups=groups).rows[1]["channel_std"]
    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_a_constant_channel_is_not_defined_and_the_others_go_on():
    latents = noise(50)
    latents[:, 1] = 4
    found = spatial_statistics(latents)
    row = found.rows[2]
    assert {m.name: m.value for m in row.measures} == {"channel_mean": 4, "channel_std": 0}
    assert {u.name for u in row.undefined} == {"channel_skew", "channel_kurtosis"}
    assert np.isnan(found.correlation[1]).all()
    assert np.isfinite(found.correlation[np.ix_([0, 2], [0, 2])]).all()
    assert len(found.rows[0].measures) == 3
    dead = spatial_statistics(np.ones((30, 2, 3, 3), np.float32)).rows[0]
    assert not dead.measures
    assert all("spread" in u.why for u in dead.undefined)


def test_thin_grids_and_single_channels():
    one = spatial_statistics(noise(30, (1, 1, 1)))
    assert {u.name: u.why for u in one.rows[0].undefined} == {
        "spatial_autocorrelation": "a grid of one place has no neighbours",
        "channel_correlation": "there is one channel only",
    }
    line = spatial_statistics(noise(30, (2, 1, 5)))
    assert line.horizontal.shape == (2, 4)
    assert line.vertical.shape == (2, 0)
    assert np.isfinite(line.rows[0]["spatial_autocorrelation"].value)


def test_every_measure_keeps_to_the_catalogue(mixed):
    for row in spatial_statistics(mixed).rows:
        for measure in row.measures:
            entry = CATALOGUE[measure.name]
            assert (measure.unit, measure.better, measure.bounds) == entry[:3]
            assert measure.low <= measure.value <= measure.high
            assert measure.n == 240


def test_what_has_no_grid_or_no_images_is_refused():
    with pytest.raises(ShapeError, match="n × c × h × w"):
        spatial_statistics(np.zeros((5, 3)))
    with pytest.raises(UndefinedError, match="two images, not 1"):
        spatial_statistics(noise(1))
    first, other = SpatialSums.of(noise(5), Frame.of(noise(5))), noise(5, seed=1)
    with pytest.raises(ShapeError, match="frames"):
        first.merge(SpatialSums.of(other, Frame.of(other)))
    with pytest.raises(ShapeError, match="do not mix"):
        first.merge(SpatialSums.of(other[:, :2], Frame.of(other[:, :2])))


def test_two_images_have_no_intervals():
    found = spatial_statistics(noise(2))
    assert found.rows[0]["position_share"].low is None

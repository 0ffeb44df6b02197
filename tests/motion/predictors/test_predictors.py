"""Known answers for every predictor, and the promises that all of them keep."""

import numpy as np
import pytest

from latentscape.errors import DataError, ShapeError, UsageError
from latentscape.motion.predictors import (
    LEARNED,
    PREDICTORS,
    FitConfig,
    TripletLatents,
    predictor_named,
)

QUICK = FitConfig(epochs=2, patience=1, batch_size=8)
NETS = ("conv", "unet", "transformer")


@pytest.fixture(autouse=True)
def _small_nets_and_short_epochs(monkeypatch, request):
    if "nets_are_small" not in request.node.name:
        monkeypatch.setattr("latentscape.motion.predictors.trained.FEWEST_STEPS", 5)
        monkeypatch.setattr("latentscape.motion.predictors.conv.WIDTHS", (16,))
        monkeypatch.setattr("latentscape.motion.predictors.conv.VECTOR_WIDTHS", (64,))
        monkeypatch.setattr("latentscape.motion.predictors.unet.WIDTHS", (16, 16))


def patterns(n: int, *, side: int = 8, channels: int = 2, seed: int = 0) -> tuple:
    """Soft spots that move by the same step twice, in any direction: ends, middles."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side].astype(np.float64)
    at, step = rng.uniform(2, side - 3, (n, channels, 2)), rng.uniform(-2, 2, (n, 1, 2))
    frames = []
    for t in (-1, 0, 1):
        centre = (at + t * step)[..., None, None]
        away = np.square(y - centre[:, :, 0]) + np.square(x - centre[:, :, 1])
        frames.append(np.exp(-away / 2).astype(np.float32))
    return np.stack([frames[0], frames[2]], 1), frames[1]


def straight(n: int, shape: tuple[int, ...], seed: int = 0) -> tuple:
    ends = np.random.default_rng(seed).normal(size=(n, 2, *shape)).astype(np.float32)
    return ends, (ends[:, 0] + ends[:, 1]) / 2


def fitted(name: str, train: tuple, val: tuple, config: FitConfig = QUICK):
    predictor = predictor_named(name, config)
    predictor.fit(TripletLatents.of(*train), TripletLatents.of(*val))
    return predictor


def skill_of(name: str, train: tuple, val: tuple, test: tuple, config: FitConfig = QUICK) -> float:
    found = fitted(name, train, val, config).predict(test[0])
    line = test[0].mean(1)
    return 1 - np.square(found - test[1]).mean() / np.square(line - test[1]).mean()


@pytest.mark.parametrize("name", PREDICTORS)
def test_what_lies_half_way_is_found_by_all_but_copies(name):
    train, val, test = (straight(24, (3, 6, 5), seed) for seed in range(3))
    found = fitted(name, train, val).predict(test[0])
    if name.startswith("copy"):
        np.testing.assert_array_equal(found, test[0][:, 0 if name == "copy-first" else 1])
    else:
        np.testing.assert_allclose(found, test[1], atol=1e-5)


def test_the_linear_predictor_is_exact():
    ends, middles = straight(5, (4,))
    np.testing.assert_array_equal(predictor_named("linear").predict(ends), middles)


@pytest.mark.parametrize(("t", "reads"), [(0.2, 0.2), (0.5, 0.5), (1.3, 1.3)])
def test_best_time_is_the_one_that_was_planted(t, reads):
    ends, _ = straight(30, (7,))
    middles = (1 - t) * ends[:, 0] + t * ends[:, 1]
    predictor = predictor_named("best-t")
    told = predictor.fit(TripletLatents.of(ends, middles), TripletLatents.of(ends, middles))
    np.testing.assert_allclose(predictor.predict(ends), middles, atol=1e-5)
    assert told.words == f"t = {reads:.3f}"


def test_best_time_of_still_pictures_is_a_half():
    ends = np.repeat(np.ones((3, 1, 4), np.float32), 2, axis=1)
    same = ends, ends[:, 0]
    assert fitted("best-t", same, same).t == 0.5


def test_the_planted_blur_is_found():
    from scipy.ndimage import gaussian_filter

    def blurry(seed: int) -> tuple:
        ends, line = straight(10, (2, 12, 12), seed)
        return ends, gaussian_filter(line, (0, 0, 0.8, 0.8), mode="nearest")

    predictor = fitted("blurred-linear", blurry(0), blurry(1))
    assert predictor.sigma == 0.8
    ends, middles = blurry(2)
    np.testing.assert_allclose(predictor.predict(ends), middles, atol=1e-5)


def test_learned_predictors_follow_what_moves():
    """A filter of the midpoint shrinks its two ghosts; only what is not linear makes them one."""
    train, val, test = patterns(256), patterns(48, seed=1), patterns(96, seed=2)
    config = FitConfig(epochs=6, patience=6, batch_size=16, rate=3e-3)
    names = ("blurred-linear", "ridge-3x3", "ridge-5x5", "conv", "unet")
    found = {name: skill_of(name, train, val, test, config) for name in names}
    assert 0 < found["blurred-linear"] < found["ridge-3x3"] <= found["ridge-5x5"] + 0.01
    assert found["conv"] > found["ridge-5x5"] + 0.2
    assert found["unet"] > found["ridge-5x5"] + 0.1


@pytest.mark.parametrize("name", ["blurred-linear", *LEARNED])
def test_nothing_is_learnt_from_noise_around_the_midpoint(name):
    def noisy(n: int, seed: int) -> tuple:
        ends, line = straight(n, (2, 6, 6), seed)
        noise = np.random.default_rng(seed + 100).normal(size=line.shape)
        return ends, line + noise.astype(np.float32)

    test = noisy(200, 2)
    found = fitted(name, noisy(96, 0), noisy(48, 1)).predict(test[0])
    gain = np.square(test[0].mean(1) - test[1]) - np.square(found - test[1])
    gain = gain.reshape(200, -1).mean(1)
    assert gain.mean() <= 2 * gain.std() / np.sqrt(200)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("side", [1, 3])
def test_ridge_is_the_textbooks(side, reverse):
    """Against scikit-learn on features laid out by hand, at the λ that was chosen."""
    from sklearn.linear_model import Ridge

    rng = np.random.default_rng(0)

    def made(n: int) -> tuple:
        ends = rng.normal(size=(n, 2, 2, 5, 4)).astype(np.float32) * [[[[3.0]], [[0.5]]]] + 1
        middles = 0.3 * ends[:, 0] + 0.6 * ends[:, 1, ::-1] + rng.normal(size=(n, 2, 5, 4))
        return ends.astype(np.float32), middles.astype(np.float32)

    train, val, test = made(20), made(10), made(6)
    config = FitConfig(reverse=reverse)
    predictor = predictor_named(f"ridge-{side}x{side}", config)
    told = predictor.fit(TripletLatents.of(*train), TripletLatents.of(*val))
    penalty = float(told.words.split()[2])

    lines = train[0].mean(1)
    mean, std = lines.mean((0, 2, 3))[:, None, None], lines.std((0, 2, 3))[:, None, None]
    residual = np.sqrt(np.square(train[1] - lines).mean((0, 2, 3)))

    def features(ends: np.ndarray) -> np.ndarray:
        k = side // 2
        standard = ((ends - mean) / std).reshape(len(ends), 4, 5, 4)
        padded = np.pad(standard, ((0, 0), (0, 0), (k, k), (k, k)), mode="edge")
        near = [padded[:, :, i : i + 5, j : j + 4] for i in range(side) for j in range(side)]
        return np.moveaxis(np.concatenate(near, 1), 1, -1).reshape(-1, 4 * side**2)

    def targets(ends: np.ndarray, middles: np.ndarray) -> np.ndarray:
        missed = (middles - ends.mean(1)) / residual[:, None, None]
        return np.moveaxis(missed, 1, -1).reshape(-1, 2)

    ways = [train[0], train[0][:, ::-1]] if reverse else [train[0]]
    X = np.concatenate([features(ends) for ends in ways])
    Y = np.concatenate([targets(ends, train[1]) for ends in ways])
    size = np.linalg.eigvalsh(np.cov(X.T, bias=True)).mean()
    known = Ridge(alpha=penalty * size * len(X)).fit(X, Y)
    added = known.predict(features(test[0])).reshape(6, 5, 4, 2) * residual
    expected = test[0].mean(1) + np.moveaxis(added, -1, 1)
    np.testing.assert_allclose(predictor.predict(test[0]), expected, atol=2e-2)


def test_ridge_takes_latents_far_from_zero():
    def far(seed: int) -> tuple:
        ends, line = straight(40, (3,), seed)
        return ends + 1e4, (1.5 * line + 1e4).astype(np.float32)

    assert skill_of("ridge-1x1", far(0), far(1), far(2)) > 0.98


@pytest.mark.parametrize("name", LEARNED)
def test_the_direction_of_time_does_not_matter(name):
    train, val, test = (patterns(16, side=6, seed=seed) for seed in range(3))
    predictor = fitted(name, train, val)
    np.testing.assert_allclose(
        predictor.predict(test[0]), predictor.predict(test[0][:, ::-1]), atol=1e-4
    )


@pytest.mark.parametrize("name", PREDICTORS)
def test_the_same_seed_gives_the_same_predictions(name):
    train, val, test = (patterns(16, side=6, seed=seed) for seed in range(3))
    first, again = (fitted(name, train, val).predict(test[0]) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert first.dtype == np.float32
    assert first.shape == test[1].shape


@pytest.mark.parametrize("name", PREDICTORS)
def test_only_training_and_validation_triplets_are_read(name):
    ends, middles = patterns(40, side=8)
    whole = np.stack([ends[:, 0], middles, ends[:, 1]], 1)
    seen: set[int] = set()

    def read(which: np.ndarray) -> np.ndarray:
        seen.update(which.tolist())
        return whole[which]

    train, val = (TripletLatents(read, np.arange(*part), (2, 8, 8)) for part in ((0, 20), (20, 30)))
    predictor_named(name, QUICK).fit(train, val)
    assert seen <= set(range(30))


def test_a_net_that_never_beats_the_line_stays_the_line():
    train = patterns(16, side=8)
    val = straight(8, (2, 8, 8))
    told = predictor_named("conv", QUICK).fit(TripletLatents.of(*train), TripletLatents.of(*val))
    assert told.words.endswith("the midpoint")
    assert told.n_parameters == 0
    assert told.history[0] == min(told.history)
    ends = train[0]
    np.testing.assert_array_equal(fitted("conv", train, val).predict(ends), ends.mean(1))


@pytest.mark.parametrize("shape", [(1, 5, 7), (8, 4, 4), (3, 40, 9), (16,), (2, 1, 1)])
@pytest.mark.parametrize("name", PREDICTORS)
def test_latents_of_any_shape_are_predicted_or_refused_in_words(name, shape):
    predictor = predictor_named(name, FitConfig(epochs=1, batch_size=4))
    train, val = straight(6, shape), straight(4, shape, seed=1)
    parts = TripletLatents.of(*train), TripletLatents.of(*val)
    why = predictor.refusal(shape)
    if why is None:
        predictor.fit(*parts)
        assert predictor.predict(val[0]).shape == (4, *shape)
        assert predictor.predict(val[0][:0]).shape == (0, *shape)
    else:
        with pytest.raises(UsageError, match="does not apply"):
            predictor.fit(*parts)


def test_vectors_have_predictors_of_their_own():
    applies = {name for name in PREDICTORS if predictor_named(name).refusal((16,)) is None}
    plain = {"copy-first", "copy-last", "linear", "best-t"}
    assert applies == plain | {"ridge-1x1", "conv"}


@pytest.mark.parametrize("shape", [(4, 32, 32), (32, 8, 8), (16, 64, 64), (16,), (512,)])
@pytest.mark.parametrize("name", NETS)
def test_nets_are_small_and_begin_at_zero(name, shape):
    import torch

    architecture = predictor_named(name).architecture
    if architecture.refusal(shape) is not None:
        pytest.skip("does not apply")
    channels, *grid = shape
    grid = tuple(grid) or (1, 1)
    net = architecture.build(channels, grid)
    assert sum(weight.numel() for weight in net.parameters()) < 500_000
    x = torch.randn(2, 2 * channels, *grid)
    assert not net(x).any()
    assert net(x).shape == (2, channels, *grid)


def test_vectors_are_learnt_where_there_is_something_to_learn():
    """Latents on a circle: the middle lies outside the chord, and only a net knows where."""

    def circle(n: int, seed: int) -> tuple:
        rng = np.random.default_rng(seed)
        angle, step = rng.uniform(0, 2 * np.pi, n), rng.uniform(-1, 1, n)
        on = [np.stack([np.cos(a), np.sin(a)], 1) for a in (angle - step, angle, angle + step)]
        first, middle, last = (z.astype(np.float32) for z in on)
        return np.stack([first, last], 1), middle

    config = FitConfig(epochs=20, patience=10, rate=3e-3)
    parts = circle(256, 0), circle(64, 1), circle(128, 2)
    learnt = skill_of("conv", *parts, config)
    assert learnt > 0.8
    assert learnt > skill_of("ridge-1x1", *parts)


def test_channels_without_spread_do_no_harm():
    ends, middles = patterns(12, side=8)
    ends[:, :, 1], middles[:, 1] = 3.0, 3.0
    for name in PREDICTORS:
        found = fitted(name, (ends, middles), (ends, middles)).predict(ends)
        assert np.isfinite(found).all()
        np.testing.assert_allclose(found[:, 1], 3.0, atol=1e-4)


def test_there_must_be_triplets_to_learn_from_and_to_stop_by():
    some, none = straight(4, (3,)), straight(0, (3,))
    with pytest.raises(DataError, match="no train triplets"):
        fitted("ridge-1x1", none, some)
    for name in ("ridge-1x1", "conv"):
        with pytest.raises(DataError, match="no val triplets"):
            fitted(name, some, none)


def test_words_are_checked():
    with pytest.raises(UsageError, match="no predictor") as error:
        predictor_named("convv")
    assert error.value.hint == "did you mean conv?"
    with pytest.raises(UsageError):
        FitConfig(epochs=0)
    with pytest.raises(UsageError):
        FitConfig(rate=0)
    with pytest.raises(ShapeError):
        TripletLatents.of(np.zeros((3, 2, 4)), np.zeros((2, 4)))
    with pytest.raises(ShapeError):
        TripletLatents.of(np.zeros((3, 2, 4, 4)), np.zeros((3, 4, 4)))


def test_the_epoch_that_is_named_is_the_one_that_is_kept(monkeypatch):
    """An error that falls by less than counts as better is least, and is not kept."""
    from latentscape.motion.predictors.trained import Trained

    errors = iter([1.0, 0.5, 0.499_99, 0.7])
    monkeypatch.setattr(Trained, "error", lambda self, triplets: next(errors))
    train = [TripletLatents.of(*patterns(16, side=6, seed=seed)) for seed in range(2)]
    told = predictor_named("conv", FitConfig(epochs=3, batch_size=8)).fit(*train)
    assert told.words == "best epoch 1 of 3"
    assert told.n_parameters > 0


@pytest.mark.parametrize("name", NETS)
def test_training_that_diverges_says_so_and_stays_the_line(name):
    train, val, test = (patterns(16, seed=seed) for seed in range(3))
    predictor = predictor_named(name, FitConfig(epochs=4, batch_size=8, rate=1e30))
    told = predictor.fit(TripletLatents.of(*train), TripletLatents.of(*val))
    assert "diverged in epoch 1" in told.words
    assert "the midpoint" in told.words
    assert told.n_parameters == 0
    assert np.isfinite(told.history).all()
    np.testing.assert_array_equal(predictor.predict(test[0]), test[0].mean(1))


@pytest.mark.parametrize("name", PREDICTORS)
def test_what_was_kept_of_a_fit_predicts_the_same(name):
    train, val, test = (patterns(16, side=6, seed=seed) for seed in range(3))
    first, again = fitted(name, train, val), predictor_named(name, QUICK)
    again.restore(first.state(), train[1].shape[1:])
    np.testing.assert_array_equal(again.predict(test[0]), first.predict(test[0]))
    assert first.error(TripletLatents.of(*test)) == pytest.approx(
        np.square(first.predict(test[0]) - test[1]).mean(), rel=1e-5
    )


def test_epochs_are_told():
    told = []
    train, val = (TripletLatents.of(*patterns(16, side=6, seed=seed)) for seed in range(2))
    predictor_named("conv", QUICK).fit(train, val, progress=lambda *words: told.append(words))
    assert told == [(1, 2, "epochs of conv"), (2, 2, "epochs of conv")][: len(told)]
    assert told

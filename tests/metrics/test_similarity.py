import numpy as np
import pytest
import torch
from scipy.ndimage import correlate1d
from skimage.metrics import structural_similarity

from latentscape.errors import ShapeError, UsageError
from latentscape.metrics import similarity
from latentscape.metrics.similarity import CONVENTIONS, ms_ssim, refusal, ssim, ssim_all

IN_SCIKIT_IMAGE = {
    "ssim_std": {
        "gaussian_weights": True,
        "sigma": 1.5,
        "use_sample_covariance": False,
        "data_range": 1.0,
    },
    "ssim_seed": {"win_size": 7, "data_range": 1.0},
    "ssim_atd": {"win_size": 7, "data_range": 2.0},
}


def noisy(shape: tuple[int, ...], *, level: float = 0.1, seed: int = 0):
    rng = np.random.default_rng(seed)
    x = rng.random(shape)
    return x, np.clip(x + level * rng.standard_normal(shape), 0, 1)


@pytest.mark.parametrize("shape", [(1, 28, 28), (1, 11, 12), (3, 33, 47), (3, 129, 75)])
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_equals_scikit_image(convention, shape):
    x, y = noisy((3, *shape))
    ours = ssim(torch.tensor(x), torch.tensor(y), convention=convention)
    for i in range(3):
        theirs = structural_similarity(x[i], y[i], channel_axis=0, **IN_SCIKIT_IMAGE[convention])
        assert ours[i].item() == pytest.approx(theirs, abs=1e-5)


@pytest.mark.parametrize("side", [48, 64])  # below and above what is compiled
@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("brightness", [0.02, 0.5, 0.98])
def test_flat_images_lose_no_digits(convention, brightness, side):
    rng = np.random.default_rng(1)
    x = np.full((3, side, side), brightness, np.float32)
    x[:, 20:40, 20:30] = 0.3
    y = np.clip(x + 0.002 * rng.standard_normal(x.shape), 0, 1).astype(np.float32)
    ours = ssim(torch.tensor(x)[None], torch.tensor(y)[None], convention=convention).item()
    theirs = structural_similarity(
        x.astype(float), y.astype(float), channel_axis=0, **IN_SCIKIT_IMAGE[convention]
    )
    assert ours == pytest.approx(theirs, abs=1e-5)


@pytest.mark.parametrize(
    "shape", [(1, 64, 64), (1, 64, 65), (3, 95, 97), (2, 300, 14), (1, 11, 400), (1, 512, 300)]
)
def test_compiled_loops_equal_torch_and_scikit_image_at_every_edge(shape):
    """Strips that do not divide the height, one row of windows, rows longer than a strip."""
    x, y = noisy((2, *shape), seed=3)
    pair = torch.tensor(x), torch.tensor(y)
    for name, rule in CONVENTIONS.items():
        compiled, plain = (
            score(*pair, [rule])[0] for score in (similarity._compiled, similarity._by_torch)
        )
        for ours, theirs in zip(compiled, plain, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=2e-6)
        for i in range(2):
            theirs = structural_similarity(x[i], y[i], channel_axis=0, **IN_SCIKIT_IMAGE[name])
            assert compiled[1][i].mean().item() == pytest.approx(theirs, abs=1e-5)


def test_threads_and_the_way_an_image_lies_in_memory_change_nothing():
    x, y = (torch.tensor(a, dtype=torch.float32) for a in noisy((9, 3, 70, 70)))
    alone = ssim_all(x, y)
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        turned = ssim_all(x.contiguous(memory_format=torch.channels_last), y.mT.contiguous().mT)
    finally:
        torch.set_num_threads(before)
    for name, values in alone.items():
        assert torch.equal(values, turned[name])


@pytest.mark.parametrize("side", [40, 80])
def test_an_image_that_is_not_finite_has_no_score_and_spoils_no_other(side):
    x, y = (torch.tensor(a) for a in noisy((3, 1, side, side)))
    x[1, 0, 20, 20] = float("nan")
    for values in ssim_all(x, y).values():
        assert torch.isfinite(values).tolist() == [True, False, True]


def test_no_images_have_no_scores():
    for side in (32, 80):
        none = torch.zeros(0, 3, side, side)
        assert {name: len(v) for name, v in ssim_all(none, none).items()} == dict.fromkeys(
            CONVENTIONS, 0
        )


@pytest.mark.parametrize("side", [40, 72])
def test_an_image_is_scored_alike_alone_and_among_others(side):
    x, y = (torch.tensor(a) for a in noisy((7, 3, side, side)))
    among = ssim_all(x, y)
    for name, values in among.items():
        assert values[4].item() == pytest.approx(ssim(x[4:5], y[4:5], convention=name).item())


def test_identical_is_one_and_a_negative_is_below_zero():
    x, _ = (torch.tensor(a) for a in noisy((2, 1, 32, 32)))
    for name in CONVENTIONS:
        assert ssim(x, x, convention=name) == pytest.approx(1, abs=1e-6)
        assert (ssim(x, 1 - x, convention=name) < 0).all()


def test_data_range_two_flatters():
    x, y = (torch.tensor(a) for a in noisy((4, 3, 64, 64), level=0.3))
    scores = ssim_all(x, y)
    assert (scores["ssim_atd"] > scores["ssim_seed"]).all()


def test_small_images_are_refused_by_name():
    x = torch.zeros(1, 1, 8, 8)
    with pytest.raises(ShapeError, match="ssim_std needs a side of 11"):
        ssim(x, x)
    assert refusal("ssim_seed", 8, 8) is None
    with pytest.raises(ShapeError, match="176"):
        ms_ssim(x, x)
    assert "256×175" in (refusal("ms_ssim", 256, 175) or "")
    with pytest.raises(UsageError, match="no SSIM called"):
        ssim(x, x, convention="ssim")


def naive_ms_ssim(x: np.ndarray, y: np.ndarray) -> float:
    """One gray image, scale by scale, with SciPy's filters."""
    taps = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    taps /= taps.sum()

    def smooth(a: np.ndarray) -> np.ndarray:
        return correlate1d(correlate1d(a, taps, axis=0), taps, axis=1)[5:-5, 5:-5]

    result = 1.0
    for scale, weight in enumerate((0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
        mx, my = smooth(x), smooth(y)
        vx, vy, c = smooth(x * x) - mx**2, smooth(y * y) - my**2, smooth(x * y) - mx * my
        value = (2 * c + 0.0009) / (vx + vy + 0.0009)
        if scale == 4:
            value = value * (2 * mx * my + 0.0001) / (mx**2 + my**2 + 0.0001)
        result *= max(value.mean(), 0) ** weight
        h, w = x.shape[0] // 2, x.shape[1] // 2
        x, y = (a[: 2 * h, : 2 * w].reshape(h, 2, w, 2).mean((1, 3)) for a in (x, y))
    return result


def test_multi_scale_equals_a_naive_one():
    x, y = noisy((2, 3, 176, 195), level=0.2)
    ours = ms_ssim(torch.tensor(x), torch.tensor(y))
    for i in range(2):
        channels = [naive_ms_ssim(x[i, c], y[i, c]) for c in range(3)]
        assert ours[i].item() == pytest.approx(np.mean(channels), abs=1e-5)
    assert ms_ssim(torch.tensor(x), torch.tensor(x)) == pytest.approx(1, abs=1e-6)

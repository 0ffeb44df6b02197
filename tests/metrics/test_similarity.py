import numpy as np
import pytest
import torch
from scipy.ndimage import correlate1d
from skimage.metrics import structural_similarity

from latentscape.errors import ShapeError, UsageError
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


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("brightness", [0.02, 0.5, 0.98])
def test_flat_images_lose_no_digits(convention, brightness):
    rng = np.random.default_rng(1)
    x = np.full((3, 64, 64), brightness, np.float32)
    x[:, 20:40, 20:30] = 0.3
    y = np.clip(x + 0.002 * rng.standard_normal(x.shape), 0, 1).astype(np.float32)
    ours = ssim(torch.tensor(x)[None], torch.tensor(y)[None], convention=convention).item()
    theirs = structural_similarity(
        x.astype(float), y.astype(float), channel_axis=0, **IN_SCIKIT_IMAGE[convention]
    )
    assert ours == pytest.approx(theirs, abs=1e-5)


def test_an_image_is_scored_alike_alone_and_among_others():
    x, y = (torch.tensor(a) for a in noisy((7, 3, 40, 40)))
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

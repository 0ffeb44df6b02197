import numpy as np
import pytest
from scipy.ndimage import correlate1d, distance_transform_edt

from latentscape.errors import ShapeError
from latentscape.metrics.line_art import chamfer, line_art


def gaussian(image: np.ndarray, sigma: float, size: int) -> np.ndarray:
    offset = np.arange(size) - size // 2
    weights = np.exp(-0.5 * (offset / sigma) ** 2)
    weights /= weights.sum()
    down = correlate1d(image, weights, axis=0, mode="nearest")
    return correlate1d(down, weights, axis=1, mode="nearest")


def plain_lines(image: np.ndarray) -> np.ndarray:
    gray = np.tensordot((0.299, 0.587, 0.114), image, 1) if len(image) == 3 else image[0]
    return 0.5 + 2 * (gaussian(gray, 1.6, 13) - gaussian(gray, 1, 9)) - 0.01 > 0.5


def plain_chamfer(one: np.ndarray, other: np.ndarray) -> float:
    a, b = plain_lines(one), plain_lines(other)
    diagonal = np.sqrt(a.shape[0] ** 2 + a.shape[1] ** 2)
    far = [distance_transform_edt(~m) if m.any() else np.full(m.shape, diagonal) for m in (a, b)]
    return ((a * far[1]).mean() + (b * far[0]).mean()) / diagonal / 2


def drawing(x: int, *, size: tuple[int, int] = (48, 64)) -> np.ndarray:
    """A white sheet with one dark upright line."""
    image = np.ones((1, 3, *size))
    image[..., x] = 0
    return image


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("shape", [(32, 32), (40, 71), (128, 50)])
def test_equals_scipy_on_random_images(channels, shape):
    rng = np.random.default_rng(0)
    smooth = rng.random((3, channels, *shape))
    blurred = np.stack([np.stack([gaussian(c, 1.3, 11) for c in image]) for image in smooth])
    for one, other in ((smooth, blurred), (blurred, blurred[::-1]), (smooth, smooth * 0.5)):
        wanted = [plain_chamfer(a, b) for a, b in zip(one, other, strict=True)]
        np.testing.assert_allclose(chamfer(one, other), wanted, rtol=0.02, atol=1e-6)
        assert min(wanted) >= 0


def test_a_dark_line_is_found_and_a_bright_one_is_none():
    lines = line_art(drawing(20))
    assert lines[0, :, 20].all()
    assert not lines[0, :, :17].any()
    assert not line_art(1 - drawing(20))[0, :, 20].any()


def test_a_moved_line_is_charged_the_way_it_moved():
    """Two lines of equal breadth, far enough apart: a line pixel, the distance, both ways."""
    lines = line_art(drawing(20))[0]
    breadth = lines.sum(1)[0]
    near, far = chamfer(drawing(20), drawing(26))[0], chamfer(drawing(20), drawing(32))[0]
    gap = 6 - (breadth - 1) / 2  # from the middle of one to the edge of the other
    assert near == pytest.approx(breadth * gap / 64 / np.hypot(48, 64), rel=1e-6)
    assert far - near == pytest.approx(breadth * 6 / 64 / np.hypot(48, 64), rel=1e-6)


def test_the_same_is_nought_and_sides_do_not_matter():
    rng = np.random.default_rng(1)
    x, y = rng.random((2, 2, 3, 40, 40))
    assert (chamfer(x, x) == 0).all()
    np.testing.assert_array_equal(chamfer(x, y), chamfer(y, x))
    assert ((chamfer(x, y) > 0) & (chamfer(x, y) <= 1)).all()


def test_without_lines_the_whole_diagonal_is_charged():
    """A model that paints no line at all must not look good."""
    flat = np.full((1, 3, 48, 64), 0.5)
    lost = chamfer(drawing(20), flat)[0]
    assert lost == pytest.approx(line_art(drawing(20)).mean() / 2)
    assert lost > 3 * chamfer(drawing(20), drawing(32))[0]
    assert chamfer(flat, flat)[0] == 0


def test_small_or_unequal_images_are_refused():
    with pytest.raises(ShapeError, match="32 pixels"):
        chamfer(np.zeros((1, 1, 31, 40)), np.zeros((1, 1, 31, 40)))
    with pytest.raises(ShapeError, match="no pairs"):
        chamfer(np.zeros((1, 1, 40, 40)), np.zeros((1, 3, 40, 40)))
    assert chamfer(np.zeros((0, 3, 40, 40)), np.zeros((0, 3, 40, 40))).shape == (0,)

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from latentscape.errors import UndefinedError
from latentscape.motion.equivariance import (
    Unmoved,
    block_means,
    cropped_cells,
    equivariance,
    grid_factor,
    shift,
    shifted_frames,
    variance_of,
)
from latentscape.workflows.motion.shifts import shifts_of


@pytest.fixture
def frames():
    noise = np.random.default_rng(0).normal(size=(4, 3, 64, 64))
    smooth = gaussian_filter(noise, (0, 0, 8, 8))
    return np.uint8(255 * (smooth - smooth.min()) / np.ptp(smooth))


def means(frames):
    return block_means(frames, 4)


def nearest(latents):
    return latents.repeat(4, 2).repeat(4, 3)


def still(encode, frames, decode=None):
    latents = encode(frames)
    decoded = None if decode is None else decode(latents)
    return Unmoved(frames, latents, decoded, latents.var(0, ddof=1))


def test_block_means_move_along_by_whole_cells(frames):
    found = equivariance(means, nearest, still(means, frames, nearest), factor=4, pixels=8)
    assert found.errors.max() < 1e-12
    assert found.unmoved.min() > 0.05
    np.testing.assert_allclose(found.psnr, -20 * np.log10(0.5 / 255))
    assert found.unmoved_psnr.max() < 40


def test_parts_of_a_cell_cost_little_where_the_picture_is_smooth(frames):
    found = equivariance(means, nearest, still(means, frames, nearest), factor=4, pixels=2)
    assert 0 < found.errors.max() < 0.01
    assert (found.errors < found.unmoved / 10).all()


def test_a_code_of_absolute_places_does_not_move(frames):
    mask = np.random.default_rng(1).random((16, 16)).astype(np.float32)

    def fixed(frames):
        return means(frames) * mask

    found = equivariance(fixed, None, still(fixed, frames), factor=4, pixels=8)
    assert found.errors.mean() > 0.2
    assert np.isnan(found.psnr).all()


def test_shifts_are_to_the_right_and_down():
    picture = np.zeros((1, 1, 9, 9), np.float32)
    picture[..., 4, 4] = 1
    assert shift(picture, 1, 2)[0, 0, 5, 6] == 1
    byte = (picture * 255).astype(np.uint8)
    assert shifted_frames(byte, 1, 2)[0, 0, 5, 6] == 255
    wave = np.sin(np.arange(24) / 3)[:, None] * np.ones(24)
    half = np.sin((np.arange(24) - 0.5) / 3)[:, None] * np.ones(24)
    np.testing.assert_allclose(shift(wave, 0.5, 0)[6:-6], half[6:-6], atol=1e-3)


def test_where_the_decoder_paints_nothing_there_is_no_psnr(frames):
    def black(latents):
        return nearest(latents) * 0

    found = equivariance(means, black, still(means, frames, black), factor=4, pixels=4)
    assert np.isnan(found.psnr).all()
    assert np.isfinite(found.errors).all()


def test_grids_that_cannot_be_shifted_say_so(frames):
    assert grid_factor((3, 64, 64), (4, 8, 8)) == 8
    for image, latent in (((3, 64, 64), (16,)), ((3, 64, 60), (4, 8, 8)), ((3, 63, 63), (4, 8, 8))):
        with pytest.raises(UndefinedError):
            grid_factor(image, latent)
    assert [cropped_cells((n, n)) for n in (3, 6, 8, 10, 32)] == [1, 2, 3, 4, 4]
    with pytest.raises(UndefinedError):
        cropped_cells((2, 8))
    flat = still(lambda f: np.ones((len(f), 2, 8, 8)), frames)
    with pytest.raises(UndefinedError, match="same latent"):
        equivariance(lambda f: flat.latents, None, flat, factor=8, pixels=8)


@pytest.mark.parametrize("n", [2, 16])
def test_the_latent_of_any_other_frame_has_an_error_of_two(n):
    """However few frames are shifted; the variance is of all frames there are."""
    rng = np.random.default_rng(0)
    everything = rng.normal(3, 2, (2000, 4, 16, 16)).astype(np.float32)
    variance = variance_of(np.array_split(everything, 7))
    np.testing.assert_allclose(variance, everything.var(0, ddof=1), rtol=1e-5)
    frames = np.zeros((n, 3, 64, 64), np.uint8)
    own = Unmoved(frames, everything[:n], None, variance)
    found = equivariance(lambda x: everything[n : 2 * n], None, own, factor=4, pixels=4)
    assert found.errors.mean() == pytest.approx(2, abs=0.2)
    assert found.unmoved.mean() == pytest.approx(2, abs=0.2)


def test_no_shift_reaches_beyond_the_border_left_out(frames):
    small = np.ascontiguousarray(frames[..., :20, :20])
    with pytest.raises(UndefinedError, match="beyond"):
        equivariance(means, None, still(means, small), factor=4, pixels=8)
    assert shifts_of(4, 1) == (1, 2, 3, 4)
    assert shifts_of(4, 2) == (1, 2, 3, 4, 8)

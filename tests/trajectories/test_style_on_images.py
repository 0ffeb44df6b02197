"""Style curves of dissolves between real images: where theory holds, and where it does not."""

import numpy as np
import pytest
import torch

from latentscape.data import DataConfig, load_images
from latentscape.nn.style_nets import style_net
from latentscape.testing import toy_style_net
from latentscape.trajectories.dissolve import dissolve
from latentscape.trajectories.style import style_curves

pytestmark = pytest.mark.realdata


def real_dissolves(source: str, n_pairs: int) -> torch.Tensor:
    images = load_images(DataConfig(source, limit=2 * n_pairs))
    pixels = torch.from_numpy(np.asarray(images.pixels(np.arange(2 * n_pairs)))).float()
    return dissolve(pixels[:n_pairs], pixels[n_pairs:], 10)


def parabola(curves: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """R² and curvature of the best parabola through each curve."""
    y = curves.double().numpy().T
    s = np.linspace(-1, 1, len(y))
    basis = np.stack([np.ones_like(s), s, s**2], 1)
    fitted = np.linalg.lstsq(basis, y, rcond=None)[0]
    rest = ((y - basis @ fitted) ** 2).sum(0)
    return 1 - rest / ((y - y.mean(0)) ** 2).sum(0), fitted[2]


@pytest.mark.parametrize("source", ["fashion-mnist", "cifar10"])
def test_dissolves_of_real_images_are_the_parabola_of_theory(data_root, source):
    frames = real_dissolves(source, 100)
    fits, bends = parabola(style_curves(frames, toy_style_net(linear=True)).total)
    assert fits.min() >= 0.999
    assert (bends > 0).all()
    fits, bends = parabola(style_curves(frames, toy_style_net(n_draws=5)).total)
    assert np.median(fits) >= 0.99
    assert (bends > 0).all()
    first = style_net("squeezenet", layers={"squeezenet": ("conv1",)})
    fits, bends = parabola(style_curves(frames, first).total)
    assert np.median(fits) >= 0.99
    assert (bends > 0).all()


def test_deep_trained_layers_do_not_see_a_parabola(data_root):
    """So a null curve is computed for every pair, and never taken for a parabola."""
    found = style_curves(real_dissolves("cifar10", 25), style_net("squeezenet"))
    first, last = (np.median(parabola(found.per_layer[:, i])[0]) for i in (0, -1))
    assert first >= 0.99 > 0.9 > last


def test_fast_numbers_are_near_exact_ones(data_root):
    """Of whole curves within 3e-3; single steps of SqueezeNet's deep maps keep fewer digits."""
    frames = real_dissolves("cifar10", 10)
    for net, n_pairs, of_steps in (
        (style_net("random-vgg19", n_draws=1), 2, 3e-3),
        (style_net("squeezenet"), 10, 1e-2),
    ):
        exact = style_curves(frames[:n_pairs], net).total
        fast = style_curves(frames[:n_pairs], net, precision="fast").total
        assert float(((fast - exact) / exact).abs().median()) < of_steps
        assert float((fast.sum(1) / exact.sum(1) - 1).abs().median()) < 3e-3

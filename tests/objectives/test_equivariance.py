"""What is done to the grid happens to the image: exact decoders pay nothing, others do."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from latentscape.errors import UsageError
from latentscape.models import Gaussian, build_likelihood
from latentscape.objectives import Equivariance, Pass, Sizes
from latentscape.objectives.equivariance import _scaled, _shifted, _turned
from latentscape.shapes import ImageShape

FACTOR, CELLS = 8, 8
SIDE = FACTOR * CELLS


def smooth(n: int = 3, channels: int = 2) -> Tensor:
    rng = torch.Generator().manual_seed(0)
    coarse = torch.rand(n, channels, 4, 4, generator=rng)
    return F.interpolate(coarse, (CELLS, CELLS), mode="bilinear", align_corners=False)


def blocks(latents: Tensor) -> Tensor:
    """A cell becomes a square of pixels: equivariant to quarters and to shifts by cells."""
    return F.interpolate(latents, scale_factor=FACTOR, mode="nearest")


def done_by(decoder: Callable[[Tensor], Tensor], images: Tensor | None = None, **more) -> Pass:
    latents = smooth()
    posterior = Gaussian(latents, torch.zeros_like(latents))
    return Pass(
        images=decoder(latents) if images is None else images, logits=decoder(latents),
        posterior=posterior, latents=latents, labels=torch.zeros(len(latents)),
        likelihood=build_likelihood("gaussian-fixed", 1.0, of_images=True),
        decoder=decoder, decoder_parameters=(), epoch=0.0, n_epochs=1,
        rng=torch.Generator().manual_seed(0), **more,
    )  # fmt: skip


@pytest.mark.parametrize("draw", [0.1, 0.5, 0.9])
def test_a_decoder_of_blocks_turns_exactly(draw):
    images, back = _turned(done_by(blocks), [draw, 0])
    assert torch.equal(images, back)


@pytest.mark.parametrize("cells", [(1, 0), (0, -2), (2, 1), (-1, -1), (0, 0)])
def test_a_decoder_of_blocks_shifts_exactly_by_whole_cells(cells):
    """16 pixels, a quarter of the side, are the farthest: the draws for a whole cell follow."""
    draws = [0.5 + 0.5 * n * FACTOR / (SIDE / 4) for n in cells]
    done = done_by(blocks)
    images, back = _shifted(done, draws)
    torch.testing.assert_close(images, back, rtol=0, atol=1e-4)
    down, right = (n * FACTOR for n in cells)
    assert images.shape[2:] == (SIDE - abs(down) - 2 * FACTOR, SIDE - abs(right) - 2 * FACTOR)


def test_shifting_the_wrong_way_costs():
    """A decoder that mirrors its picture follows no shift."""
    images, back = _shifted(done_by(lambda z: blocks(z).flip(3)), [0.5, 0.75])
    assert (images - back).square().mean() > 1e-4


def test_a_decoder_that_enlarges_smoothly_scales_nearly():
    def enlarge(latents: Tensor) -> Tensor:
        return F.interpolate(latents, scale_factor=FACTOR, mode="bilinear", align_corners=False)

    for draw in (0.5, 0.7, 0.99):
        images, back = _scaled(done_by(enlarge), [draw, 0])
        rows = 2 + int(draw * 6)
        assert images.shape == back.shape == (3, 2, rows * FACTOR, rows * FACTOR)
        near, far = ((images - other).square().mean() for other in (back, back.flip(3)))
        assert near < 0.2 * images.var()
        assert far > images.var()


def test_a_decoder_bound_to_places_pays():
    """Noise painted in fixed places stays where it is when the picture moves."""
    rng = torch.Generator().manual_seed(1)
    fixed = torch.rand(1, 2, SIDE, SIDE, generator=rng)

    def painted(latents: Tensor) -> Tensor:
        return 0.5 * blocks(latents) + 0.5 * fixed

    term = Equivariance(moves=("shift", "rotation"))
    price = 0.5 * 2 * SIDE * SIDE
    assert term.loss(done_by(painted), None) / price > 0.01
    assert Equivariance(moves=("rotation",)).loss(done_by(blocks), None) == 0


def test_the_weight_is_the_reconstructions_own():
    """With no move left to tell, the term at 1 is what the reconstruction pays for its error."""
    turned = smooth().rot90(1, (2, 3))  # x differs from D(z), alike under every quarter

    def swapped(latents: Tensor) -> Tensor:
        return blocks(latents)

    done = done_by(swapped, images=blocks(turned))
    nll = done.likelihood.nll(done.logits, done.images).mean()
    exact = done.likelihood.nll(done.images, done.images).mean()
    loss = Equivariance(equivariance=2.0, moves=("rotation",)).loss(done, None)
    torch.testing.assert_close(loss, 2 * (nll - exact), rtol=1e-4, atol=1e-3)


def test_gradients_reach_latents():
    latents = smooth().requires_grad_()
    done = done_by(blocks)
    object.__setattr__(done, "latents", latents)
    object.__setattr__(done, "images", torch.rand(3, 2, SIDE, SIDE))
    Equivariance(moves=("scale", "shift", "rotation")).loss(done, None).backward()
    assert latents.grad is not None
    assert latents.grad.abs().sum() > 0


def test_decoders_of_one_size_are_named():
    def stubborn(latents: Tensor) -> Tensor:
        return latents.reshape(3, 2, CELLS, CELLS).repeat(1, 1, FACTOR, FACTOR)

    with pytest.raises(UsageError, match="one size only"):
        Equivariance(moves=("scale",)).loss(done_by(stubborn), None)


def test_a_vector_is_no_grid():
    with pytest.raises(UsageError, match="is no grid"):
        Equivariance().build(Sizes(ImageShape(1, 8, 8), (4,), 10))
    with pytest.raises(UsageError, match="no move 'sideways'"):
        Equivariance(moves=("sideways",))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="cannot be negative"):
        Equivariance(equivariance=-1)

"""What is done to the grid happens to the image: exact decoders pay nothing, others do."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latentscape.errors import UsageError
from latentscape.models import Gaussian, ModelConfig, build_likelihood, build_model
from latentscape.models.python import adapt
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


class Halves(nn.Module):
    """An any-size model of one channel, whose decoder can be told to misbehave."""

    pixel_range, size_step, channels = (0, 1), FACTOR, 1

    def __init__(self, behaves: str = "well"):
        super().__init__()
        self.behaves = behaves
        self.norm = nn.BatchNorm2d(1)

    def encode(self, images: Tensor) -> Tensor:
        return F.avg_pool2d(images, FACTOR)

    def decode(self, latents: Tensor) -> Tensor:
        smaller = latents.shape[2] < CELLS
        if self.behaves == "refuses" and smaller:
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")
        if self.behaves == "has no room" and smaller:
            raise torch.OutOfMemoryError("no room")
        if self.behaves == "same size":
            return F.interpolate(self.norm(latents), (SIDE, SIDE))
        return blocks(self.norm(latents))


def halves(behaves: str = "well", height: int = SIDE):
    return adapt(Halves(behaves), "halves").for_images(ImageShape(1, height, SIDE))


def test_a_decoder_of_one_size_is_named_before_training():
    scaling = Equivariance(moves=("scale",))
    scaling.require_fit(halves())
    for behaves, match in (("refuses", "mat1 and mat2"), ("same size", "makes 64×64 of a grid")):
        with pytest.raises(UsageError, match=f"smaller image.*{match}") as no:
            scaling.require_fit(halves(behaves))
        assert no.value.hint
        Equivariance(moves=("shift", "rotation")).require_fit(halves(behaves))
    with pytest.raises(torch.OutOfMemoryError):
        scaling.require_fit(halves("has no room"))


def test_asking_the_decoder_leaves_it_as_it_was():
    model = halves().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    Equivariance().require_fit(model)
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_own_grids_that_were_rounded_are_named_before_training():
    """30 → 15 → 8 → 4: a quarter of the grid is one cell, of the image eight pixels, not six."""
    config = ModelConfig("conv", ImageShape(1, 30, 30), (4, 4, 4))
    with pytest.raises(UsageError, match="makes 6×6 of a grid of 1×1, not the 8×8"):
        Equivariance(moves=("scale",)).require_fit(build_model(config, 0))
    even = ModelConfig("conv", ImageShape(1, 32, 32), (4, 4, 4))
    Equivariance().require_fit(build_model(even, 0))


def test_what_breaks_later_is_not_called_a_size():
    def broken(latents: Tensor) -> Tensor:
        raise RuntimeError("something else")

    done = done_by(blocks)
    object.__setattr__(done, "decoder", broken)
    with pytest.raises(RuntimeError, match="something else"):
        Equivariance(moves=("scale",)).loss(done, None)


def test_padded_images_are_refused_before_training():
    """The padded grid would be held against images without their padding."""
    with pytest.warns(UserWarning, match="are padded"):
        model = halves(height=SIDE - 4)
    for move in ("scale", "shift", "rotation"):
        with pytest.raises(UsageError, match="60×64 are padded to 64×64") as no:
            Equivariance(moves=(move,)).require_fit(model)
        assert no.value.hint
        assert "multiples of 8" in no.value.hint


def test_a_vector_is_no_grid():
    with pytest.raises(UsageError, match="is no grid"):
        Equivariance().build(Sizes(ImageShape(1, 8, 8), (4,), 10))
    with pytest.raises(UsageError, match="no move 'sideways'"):
        Equivariance(moves=("sideways",))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="cannot be negative"):
        Equivariance(equivariance=-1)

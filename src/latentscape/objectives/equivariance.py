"""Equivariance: what is done to the latent grid happens to the image."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latentscape.errors import UsageError, nearest
from latentscape.objectives.term import Pass, Sizes, Term

Move = Literal["scale", "shift", "rotation"]

SMALLEST = 0.25  # of a side, when images are made smaller
FARTHEST = 0.25  # of a side, when images are shifted

Moved = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Equivariance(Term):
    """equivariance · error(τ∘x, D(τ∘E(x))): the same τ for a batch, drawn at every step.

    The error is squared (absolute under a Laplace likelihood), averaged over the values that are
    compared and priced as the reconstruction is, so that 1 weighs a moved image like the image.

    ``scale`` makes grid and image smaller by [¼, 1), antialiased; ``rotation`` turns both by
    quarters; ``shift`` moves the image by whole pixels, up to a quarter of a side, and the grid by
    as many cells, mostly a fraction (bicubic): what the edge moved in is not compared.

    Attributes:
        equivariance: The weight.
        moves: Which; one of them is drawn at each step.

    Reference: Kouzelis et al. 2025, EQ-VAE, eq. 3 (scale, rotation); Zhou et al. 2025, AF-LDM,
    eq. 5 (shift by fractions of a cell).
    """

    equivariance: float = 1.0
    moves: Sequence[Move] = ("scale", "shift")
    name: ClassVar[str] = "equivariance"

    def __post_init__(self):
        if self.equivariance < 0:
            raise UsageError(f"`equivariance` cannot be negative: {self.equivariance}")
        known = get_args(Move)
        unknown = next((move for move in self.moves if move not in known), None)
        if unknown is not None or not self.moves:
            raise UsageError(f"there is no move {unknown!r}", nearest(str(unknown), known))

    def build(self, sizes: Sizes) -> nn.Module | None:
        """Nothing is learned; a latent that is no grid is refused here, before training."""
        shape = sizes.latent_shape
        if len(shape) != 3 or min(shape[1:]) < 2:
            raise UsageError(
                f"a latent of shape {tuple(shape)} is no grid that could be moved with the image",
                "leave --equivariance out, or take a model with a spatial latent",
            )
        return None

    def loss(self, done: Pass, part: nn.Module | None) -> Tensor:
        """Nats per image, at least 0."""
        which, *draws = torch.rand(3, generator=done.rng, device=done.images.device).tolist()
        move = self.moves[int(which * len(self.moves))]
        images, back = {"scale": _scaled, "shift": _shifted, "rotation": _turned}[move](done, draws)
        error = (images - back).abs().pow(done.likelihood.power).mean()
        return self.equivariance * done.likelihood.price(done.logits, done.images) * error


def _scaled(done: Pass, draws: list[float]) -> Moved:
    (height, width), (rows, columns) = done.images.shape[2:], done.latents.shape[2:]
    least = max(1, round(SMALLEST * rows))
    rows_now = least + int(draws[0] * (rows - least))
    columns_now = max(1, round(columns * rows_now / rows))
    latents = _resized(done.latents, (rows_now, columns_now))
    size = (round(height * rows_now / rows), round(width * columns_now / columns))
    return _resized(done.images, size), _decoded(done, latents, size)


def _turned(done: Pass, draws: list[float]) -> Moved:
    is_square = len({*done.images.shape[2:]}) == len({*done.latents.shape[2:]}) == 1
    quarters = 1 + int(draws[0] * 3) if is_square else 2
    images, latents = (torch.rot90(one, quarters, (2, 3)) for one in (done.images, done.latents))
    return images, _decoded(done, latents, images.shape[2:])


def _shifted(done: Pass, draws: list[float]) -> Moved:
    sides, cells = done.images.shape[2:], done.latents.shape[2:]
    by = [round((2 * draw - 1) * FARTHEST * side) for draw, side in zip(draws, sides, strict=True)]
    latents = _translated(
        done.latents, [n * c / s for n, c, s in zip(by, cells, sides, strict=True)]
    )
    back = _decoded(done, latents, sides)
    here, there = [], []
    for n, side, count in zip(by, sides, cells, strict=True):
        edge = max(1, round(side / count)) if side > 4 * side / count else 0  # one cell
        here.append(slice(max(n, 0) + edge, side + min(n, 0) - edge))
        there.append(slice(max(-n, 0) + edge, side + min(-n, 0) - edge))
    return done.images[:, :, there[0], there[1]], back[:, :, here[0], here[1]]


def _translated(grid: Tensor, by: list[float]) -> Tensor:
    """A grid moved down and right by so many cells, bicubic; its edge is drawn out."""
    rows, columns = grid.shape[2:]
    move = grid.new_tensor([[1, 0, -2 * by[1] / columns], [0, 1, -2 * by[0] / rows]])
    places = F.affine_grid(move.expand(len(grid), 2, 3), list(grid.shape), align_corners=False)
    return F.grid_sample(grid, places, "bicubic", "border", align_corners=False)


def _resized(grid: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(grid, size, mode="bilinear", align_corners=False, antialias=True)


def _decoded(done: Pass, latents: Tensor, size: Sequence[int]) -> Tensor:
    """Mean images of moved latents.

    Raises:
        UsageError: If the decoder takes latents of one size only.
    """
    fixed = UsageError(
        "the decoder takes grids of one size only, and cannot be asked for a smaller image",
        "move by --equivariance shift, or rotation of square images",
    )
    try:
        logits = done.decoder(latents).float()
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        raise fixed from error
    if tuple(logits.shape[2:]) != tuple(size):
        raise fixed
    return done.likelihood.mean(logits)

"""Equivariance: what is done to the latent grid happens to the image."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latentscape.errors import UsageError, nearest
from latentscape.models import Autoencoder
from latentscape.objectives.term import Pass, Sizes, Term

Move = Literal["scale", "shift", "rotation"]

SMALLEST = 0.25  # of a side, when images are made smaller
FARTHEST = 0.25  # of a side, when images are shifted

Moved = tuple[Tensor, Tensor]
Size = tuple[int, int]


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

    @torch.no_grad()
    def require_fit(self, model: Autoencoder) -> None:
        """A model that pads its images, or a decoder of one size of grid, is refused.

        Raises:
            UsageError: If the grid cannot be moved with the image.
        """
        image, inner, step = model.image_shape, model.inner_shape, model.size_step
        if inner != image:
            raise UsageError(
                f"images of {image.height}×{image.width} are padded to {inner.height}×"
                f"{inner.width} inside the model, so that its grid does not move as they do",
                f"leave --equivariance out, or give sides that are multiples of {step}",
            )
        if "scale" not in self.moves:
            return
        channels, rows, columns = model.latent_shape
        was_training = model.training
        model.eval()
        for fewer in sorted({_fewest(rows), rows - 1}):
            grid, size = _sizes_at(fewer, (rows, columns), (image.height, image.width))
            latents = torch.zeros(2, channels, *grid, device=model.device)  # one row has no norm
            try:
                made = tuple(model.logits(latents).shape[2:])
            except torch.OutOfMemoryError:
                raise
            except (RuntimeError, ValueError) as error:  # what layers raise at a size they refuse
                said = str(error).strip().partition("\n")[0]
                raise _fixed(f"refuses a grid of {grid[0]}×{grid[1]}: {said}") from error
            _require_size(made, grid, size)
        model.train(was_training)

    def loss(self, done: Pass, part: nn.Module | None) -> Tensor:
        """Nats per image, at least 0."""
        which, *draws = torch.rand(3, generator=done.rng, device=done.images.device).tolist()
        move = self.moves[int(which * len(self.moves))]
        images, back = {"scale": _scaled, "shift": _shifted, "rotation": _turned}[move](done, draws)
        error = (images - back).abs().pow(done.likelihood.power).mean()
        return self.equivariance * done.likelihood.price(done.logits, done.images) * error


def _scaled(done: Pass, draws: list[float]) -> Moved:
    sides, cells = (tuple(grid.shape[2:]) for grid in (done.images, done.latents))
    least = _fewest(cells[0])
    grid, size = _sizes_at(least + int(draws[0] * (cells[0] - least)), cells, sides)
    return _resized(done.images, size), _decoded(done, _resized(done.latents, grid), size)


def _fewest(rows: int) -> int:
    """Rows of the smallest grid."""
    return max(1, round(SMALLEST * rows))


def _sizes_at(rows: int, cells: Sequence[int], sides: Sequence[int]) -> tuple[Size, Size]:
    """A grid with so many rows, and the image that belongs to it."""
    columns = max(1, round(cells[1] * rows / cells[0]))
    size = (round(sides[0] * rows / cells[0]), round(sides[1] * columns / cells[1]))
    return (rows, columns), size


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


def _resized(grid: Tensor, size: Size) -> Tensor:
    return F.interpolate(grid, size, mode="bilinear", align_corners=False, antialias=True)


def _decoded(done: Pass, latents: Tensor, size: Sequence[int]) -> Tensor:
    """Mean images of moved latents.

    Raises:
        UsageError: If they come out in another size.
    """
    logits = done.decoder(latents).float()
    _require_size(logits.shape[2:], latents.shape[2:], size)
    return done.likelihood.mean(logits)


def _require_size(made: Sequence[int], grid: Sequence[int], size: Sequence[int]) -> None:
    if tuple(made) != tuple(size):
        raise _fixed(
            f"makes {made[0]}×{made[1]} of a grid of {grid[0]}×{grid[1]}, "
            f"not the {size[0]}×{size[1]} that the smaller image has"
        )


def _fixed(does: str) -> UsageError:
    return UsageError(
        f"the decoder cannot be asked for a smaller image: it {does}",
        "move by --equivariance shift, or rotation of square images",
    )

"""How well images come back: one score that is updated by batch, merged, and computed once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from latentscape.errors import DataError, ShapeError, UsageError
from latentscape.metrics.collapse import LatentSums
from latentscape.metrics.elbo import LikelihoodName, entropy_floor
from latentscape.metrics.interval import Groups
from latentscape.metrics.moments import Moments
from latentscape.metrics.pixel import absolute_error, psnr, squared_error
from latentscape.metrics.reconstruction_row import (
    SEEN,
    Gathered,
    reconstruction_parts,
    reconstruction_row,
)
from latentscape.metrics.similarity import CONVENTIONS, ms_ssim, refusal, ssim_all
from latentscape.records import Row
from latentscape.shapes import ImageShape

Drawn = Literal["mean", "sample"]
MAX_SPREAD_VALUES = 1 << 20


@dataclass
class ReconstructionScore:
    """Reconstruction measures of one model (or baseline), gathered batch by batch.

    Keeps one number an image and measure, and sums over latents and pixels; never the images.

    Attributes:
        likelihood: Of the decoder; None where there is none (a baseline).
        posterior: Whether `reconstructions` were decoded from the posterior mean or a sample.
        nll_posterior: The same for `nll`. Only a sample gives an estimate of the ELBO.

    Example:
        >>> score = ReconstructionScore()
        >>> score.update(torch.zeros(4, 1, 8, 8), torch.full((4, 1, 8, 8), 0.1))
        >>> row, per_image = score.compute("toy")
        >>> round(row["psnr_mean"].value, 3)
        20.0
    """

    likelihood: LikelihoodName | None = None
    posterior: Drawn = "mean"
    nll_posterior: Drawn = "sample"
    _shape: ImageShape | None = field(default=None, init=False, repr=False)
    _columns: dict[str, list[np.ndarray]] = field(default_factory=dict, init=False, repr=False)
    _latents: LatentSums | None = field(default=None, init=False, repr=False)
    _pixels: tuple[Moments, Moments] | None = field(default=None, init=False, repr=False)

    @torch.no_grad()
    def update(
        self,
        originals: Float[Tensor, "batch channels height width"] | np.ndarray,
        reconstructions: Float[Tensor, "batch channels height width"] | np.ndarray,
        *,
        nll: Tensor | np.ndarray | None = None,
        kl: Tensor | np.ndarray | None = None,
        means: Tensor | np.ndarray | None = None,
        more: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        """Add a batch.

        Args:
            originals: Pixels in [0, 1].
            reconstructions: The same images come back; clamped to [0, 1], never quantised.
            nll: (batch,) −log p(x|z), nats, summed over pixels.
            kl: ``batch *latent``, KL of each latent in nats (or ``batch``, summed over latents);
                None for a point posterior.
            means: ``batch *latent``, posterior means; with `kl` per latent they give active units.
            more: Other measures of these images (``lpips``, ``lpips01``, ``chamfer``), (batch,)
                each; NaN where an image was not measured.

        Raises:
            ShapeError: If shapes disagree, within the batch or with earlier ones.
            DataError: If originals leave [0, 1] or reconstructions are not finite.
        """
        x, y = _checked(_tensor(originals), _tensor(reconstructions))
        shape = ImageShape(*x.shape[1:])
        if self._shape not in (None, shape):
            raise ShapeError(f"a batch of {shape} images cannot join a score of {self._shape} ones")
        if not len(x):
            return
        columns = image_columns(x, y)
        if self.likelihood == "bernoulli":
            columns["entropy_floor"] = entropy_floor(x).numpy()
        told = more or {}
        columns |= {key: np.asarray(told[key], np.float64) for key in SEEN if key in told}
        columns |= _bound_columns(nll, kl, n=len(x))
        if {"entropy_floor", "distortion"} <= set(columns):
            above = columns["distortion"] - columns["entropy_floor"]
            columns["distortion_above_floor"] = above
        latents = None
        if kl is not None and means is not None and kl.ndim > 1:
            latents = LatentSums.of(_tensor(means).numpy(), _tensor(kl).numpy())
        pixels = None
        if shape.size <= MAX_SPREAD_VALUES:
            pixels = (Moments.of(x.flatten(1).numpy()), Moments.of(y.flatten(1).numpy()))
        if self._columns:
            self._refuse_other(set(columns), latents)
        self._shape = shape
        for name, values in columns.items():
            self._columns.setdefault(name, []).append(values)
        self._latents = _merged(self._latents, latents)
        self._pixels = _both(self._pixels, pixels)

    def merge(self, other: "ReconstructionScore") -> "ReconstructionScore":
        """The score of both sets of images, this one's first; neither is changed.

        Raises:
            UsageError: If the two were gathered differently.
            ShapeError: If their images differ in shape.
        """
        mine = (self.likelihood, self.posterior, self.nll_posterior)
        if mine != (other.likelihood, other.posterior, other.nll_posterior):
            raise UsageError("scores of different likelihoods or posteriors cannot be merged")
        if self._shape is not None and other._shape is not None:
            if self._shape != other._shape:
                raise ShapeError(f"scores of {self._shape} and {other._shape} images do not merge")
            self._refuse_other(set(other._columns), other._latents)
        both = ReconstructionScore(*mine)
        both._shape = self._shape or other._shape
        names = self._columns or other._columns
        both._columns = {
            name: self._columns.get(name, []) + other._columns.get(name, []) for name in names
        }
        both._latents = _merged(self._latents, other._latents)
        both._pixels = _both(self._pixels, other._pixels)
        return both

    def _refuse_other(self, names: set[str], latents: LatentSums | None) -> None:
        odd = names ^ set(self._columns)
        if (latents is None) != (self._latents is None):
            odd.add("latent means")
        if odd:
            raise UsageError(
                "every batch of a score must bring the same things; "
                f"some bring {', '.join(sorted(odd))} and some do not"
            )

    @property
    def latents(self) -> LatentSums | None:
        """Sums over the posteriors seen, unit by unit; None without them."""
        return self._latents

    def compute(
        self, name: str, *, seed: int = 0, groups: Groups | None = None, note: str = ""
    ) -> tuple[Row, dict[str, np.ndarray]]:
        """The measures, each with its interval, and the table of single images.

        Args:
            name: Name of the row: the model, or the baseline.
            seed: Of the bootstrap.
            groups: (n,) group of each image in the order of the updates; see
                `bootstrap_intervals`.
            note: A sentence to stand in the row's note, before any reason for a missing measure.

        Returns:
            The row, and column name to (n,) float64 values. A measure that these images or this
            model cannot have is absent from both; the row's note says why.

        Raises:
            DataError: If there was no image.
        """
        gathered = self._gathered()
        row = reconstruction_row(gathered, name=name, seed=seed, groups=groups, note=note)
        return row, gathered.columns

    def parts(
        self, parts: np.ndarray, *, seed: int = 0, groups: Groups | None = None
    ) -> tuple[Row, ...]:
        """A row a part (split, film), of its images alone.

        Args:
            parts: (n,) name of the part each image is of, in the order of the updates; of none
                where it is empty.
            seed: Of the bootstrap.
            groups: (n,) group of each image; drawn whole where a part has eight or more, else its
                images are, and the words say that the interval is of these groups alone.

        Returns:
            Rows in the order in which the parts first come; without units and spread, which are of
            all images, and without intervals where fewer than 8 images make a part.
        """
        return reconstruction_parts(self._gathered(), parts, seed=seed, groups=groups)

    def column(self, name: str) -> np.ndarray:
        """(n,) values of single images, in the order of the updates."""
        return np.concatenate(self._columns[name])

    def _gathered(self) -> Gathered:
        if self._shape is None:
            raise DataError("there are no images to score", "is the split empty?")
        return Gathered(
            columns={key: np.concatenate(parts) for key, parts in self._columns.items()},
            shape=self._shape,
            likelihood=self.likelihood,
            drawn=self.posterior,
            nll_drawn=self.nll_posterior,
            latents=self._latents,
            pixels=self._pixels,
        )


def image_columns(
    originals: Float[Tensor, "batch channels height width"],
    reconstructions: Float[Tensor, "batch channels height width"],
) -> dict[str, np.ndarray]:
    """Every measure of single images that the size allows: name to (batch,) float64."""
    height, width = originals.shape[2:]
    mse = squared_error(originals, reconstructions)
    columns = {"mse": mse, "mae": absolute_error(originals, reconstructions), "psnr": psnr(mse)}
    fitting = tuple(name for name in CONVENTIONS if refusal(name, height, width) is None)
    if fitting:
        columns |= ssim_all(originals, reconstructions, conventions=fitting)
    if refusal("ms_ssim", height, width) is None:
        columns["ms_ssim"] = ms_ssim(originals, reconstructions)
    return {name: values.double().numpy() for name, values in columns.items()}


def _bound_columns(
    nll: Tensor | np.ndarray | None, kl: Tensor | np.ndarray | None, *, n: int
) -> dict[str, np.ndarray]:
    columns = {}
    if nll is not None:
        columns["distortion"] = _tensor(nll).double().numpy()
    if kl is not None:
        columns["rate"] = _tensor(kl).double().reshape(n, -1).sum(1).numpy()
    if nll is not None and kl is not None:
        columns["elbo"] = -(columns["distortion"] + columns["rate"])
    wrong = [name for name, values in columns.items() if values.shape != (n,)]
    if wrong:
        raise ShapeError(f"{wrong[0]} must be one number an image, {n} in this batch")
    return columns


def _checked(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    if x.shape != y.shape or x.ndim != 4:
        raise ShapeError(
            f"originals {tuple(x.shape)} and reconstructions {tuple(y.shape)} "
            "must both be the same batch × channels × height × width"
        )
    if len(x) and not (x.min() >= 0 and x.max() <= 1):
        raise DataError("original pixels leave [0, 1]", "divide 8-bit images by 255")
    if not torch.isfinite(y).all():
        bad = int((~torch.isfinite(y)).flatten(1).any(1).sum())
        raise DataError(
            f"{bad} of {len(y)} reconstructions in a batch hold NaN or infinity",
            "the model's training broke down: look at its loss curves",
        )
    return x, y.clamp(0, 1)


def _tensor(values: Tensor | np.ndarray) -> Tensor:
    return torch.as_tensor(values).detach().cpu()


def _merged(mine: LatentSums | None, other: LatentSums | None) -> LatentSums | None:
    if mine is None or other is None:
        return mine or other
    return mine.merge(other)


def _both(
    mine: tuple[Moments, Moments] | None, other: tuple[Moments, Moments] | None
) -> tuple[Moments, Moments] | None:
    if mine is None or other is None:
        return mine or other
    return mine[0].merge(other[0]), mine[1].merge(other[1])

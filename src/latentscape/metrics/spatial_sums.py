"""Sums over spatial latents that merge: one pass, however the images are cut into batches."""

from dataclasses import dataclass, fields

import numpy as np

from latentscape.errors import ShapeError

MOST_LAGS = 16
BINS = 200
REACH = 10  # standard deviations of the frame, on either side


@dataclass(frozen=True)
class Frame:
    """Where each channel roughly lies, so that sums of powers lose no figures.

    Attributes:
        centre, scale: (c,) a place and a width near the channel's mean and standard deviation.
    """

    centre: np.ndarray
    scale: np.ndarray

    @classmethod
    def of(cls, latents: np.ndarray) -> "Frame":
        """A frame for latents like these, ``n c h w``."""
        centre = latents.mean((0, 2, 3), dtype=np.float64)
        scale = latents.std((0, 2, 3), dtype=np.float64)
        return cls(centre, np.where(scale > 0, scale, 1.0))

    @property
    def edges(self) -> np.ndarray:
        """(c, bins + 1) bounds of the histograms."""
        steps = np.linspace(-REACH, REACH, BINS + 1)
        return self.centre[:, None] + self.scale[:, None] * steps


@dataclass(frozen=True)
class SpatialSums:
    """What is kept of the latents seen so far, all in units of the frame.

    Attributes:
        frame: Shared by all sums that are to be merged.
        n: Images.
        first, second: (c, h, w) sums over images of values and of their squares.
        third, fourth: (c,) sums of third and fourth powers over images and places.
        cross: (c, c) sums of products of channels over images and places.
        counts: (c, bins) histograms.
        across, down: (c, lags) sums of products of values 1, 2, ... places apart.
        whole: (c,) sum over images of the square of each image's own sum.
    """

    frame: Frame
    n: int
    first: np.ndarray
    second: np.ndarray
    third: np.ndarray
    fourth: np.ndarray
    cross: np.ndarray
    counts: np.ndarray
    across: np.ndarray
    down: np.ndarray
    whole: np.ndarray

    @classmethod
    def of(cls, latents: np.ndarray, frame: Frame) -> "SpatialSums":
        """The sums of one batch of ``n c h w`` latents."""
        centre, scale = frame.centre[:, None, None], frame.scale[:, None, None]
        values = (latents - centre) / scale
        _, c, h, w = values.shape
        squares = np.square(values)
        by_channel = values.transpose(1, 0, 2, 3).reshape(c, -1)
        return cls(
            frame=frame,
            n=len(values),
            first=values.sum(0),
            second=squares.sum(0),
            third=(squares * values).sum((0, 2, 3)),
            fourth=np.square(squares).sum((0, 2, 3)),
            cross=by_channel @ by_channel.T,
            counts=_histograms(by_channel),
            across=_lagged(values, min(w - 1, MOST_LAGS)),
            down=_lagged(values.swapaxes(2, 3), min(h - 1, MOST_LAGS)),
            whole=np.square(values.sum((2, 3))).sum(0),
        )

    def merge(self, other: "SpatialSums") -> "SpatialSums":
        """The sums of both sets of images together.

        Raises:
            ShapeError: If they are of other latents, or in another frame.
        """
        if self.first.shape != other.first.shape:
            raise ShapeError(f"latents {self.first.shape} and {other.first.shape} do not mix")
        same = np.array_equal(self.frame.centre, other.frame.centre)
        if not (same and np.array_equal(self.frame.scale, other.frame.scale)):
            raise ShapeError("sums in different frames cannot be merged")
        names = [field.name for field in fields(self) if field.name != "frame"]
        both = {name: getattr(self, name) + getattr(other, name) for name in names}
        return SpatialSums(frame=self.frame, **both)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of one latent: channels, height, width."""
        c, h, w = self.first.shape
        return c, h, w


def _lagged(values: np.ndarray, n_lags: int) -> np.ndarray:
    """(c, lags) sums of products of values that lie 1, 2, ... columns apart."""
    found = [
        np.einsum("nchw,nchw->c", values[..., :-lag], values[..., lag:])
        for lag in range(1, n_lags + 1)
    ]
    return np.stack(found, 1) if found else np.zeros((values.shape[1], 0))


def _histograms(by_channel: np.ndarray) -> np.ndarray:
    """(c, bins) counts; what lies beyond the outermost bins is counted in them."""
    places = np.floor((by_channel + REACH) * (BINS / (2 * REACH))).clip(0, BINS - 1).astype(int)
    return np.stack([np.bincount(row, minlength=BINS) for row in places])

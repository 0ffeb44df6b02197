"""What stands beside every reconstruction number: three ways to spend as few numbers honestly.

The mean image spends none, PCA as many 32-bit numbers as the latent has, JPEG as many bytes.
Each gives reconstructions, so that the same score measures it.
"""

import io
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from latentscape.errors import DataError, UsageError
from latentscape.metrics.interval import Groups
from latentscape.metrics.reconstruction import ReconstructionScore
from latentscape.records import Row

MAX_TRAIN = 60_000
MAX_EXACT_VALUES = 1024
MAX_BASIS_VALUES = 50_000_000
N_OVERSAMPLE = 16
N_ITERATIONS = 6
N_JPEG_TRIALS = 200
BYTES_PER_LATENT = 4
QUALITIES = range(1, 96)


class Baseline(ABC):
    """Something that brings images back and is no model."""

    name: str
    note: str

    @abstractmethod
    def reconstruct(self, images: np.ndarray) -> np.ndarray:
        """Images as they come back, float32 ``batch channels height width`` in [0, 1]."""


@dataclass(frozen=True)
class MeanImage(Baseline):
    """One image for all: what a collapsed decoder paints."""

    image: np.ndarray
    note: str
    name = "mean image"

    @classmethod
    def fit(cls, train: np.ndarray) -> "MeanImage":
        """The mean of ``n channels height width`` training images (uint8 or float in [0, 1])."""
        image = _mean_image(train)
        return cls(image, f"mean of {len(train):,} training images, 0 numbers an image")

    def reconstruct(self, images: np.ndarray) -> np.ndarray:
        """The mean image, as often as asked."""
        return np.broadcast_to(self.image, images.shape).astype(np.float32)


@dataclass(frozen=True)
class PCA(Baseline):
    """The best linear autoencoder with as many latents, fitted to the training images.

    Attributes:
        mean: ``channels height width`` float32.
        basis: (values, k) float32, orthonormal columns, largest variance first.
    """

    mean: np.ndarray
    basis: np.ndarray
    note: str
    name = "PCA"

    @classmethod
    def fit(cls, train: np.ndarray, n_latents: int, *, seed: int = 0) -> "PCA":
        """The leading principal axes of the training images.

        Up to 1,024 values an image they come from the full covariance, above from subspace
        iteration (sketch of k + 16 axes, 6 passes); both read the images in chunks. There are
        never more axes than images less one, than values, or than 200 MB hold; the note says so.

        Reference:
            Halko, Martinsson and Tropp 2011, Finding structure with randomness, algorithm 4.4.
        """
        mean = _mean_image(train)
        size = mean.size
        k = max(1, min(n_latents, size, len(train) - 1, MAX_BASIS_VALUES // size))
        axes = _exact_axes if size <= MAX_EXACT_VALUES else _sketched_axes
        basis = axes(train, mean.ravel(), k, np.random.default_rng(seed))
        short = f" of the {n_latents:,} the latent has" if k < n_latents else ""
        note = f"{k:,} numbers{short} (32-bit), fitted to {len(train):,} training images, clamped"
        return cls(mean, basis.astype(np.float32), note)

    def reconstruct(self, images: np.ndarray) -> np.ndarray:
        """Images projected on the axes, clamped to [0, 1]."""
        rows = _rows(images) - self.mean.ravel()
        back = (rows @ self.basis) @ self.basis.T + self.mean.ravel()
        return np.clip(back, 0, 1).reshape(images.shape)


@dataclass(frozen=True)
class JPEG(Baseline):
    """Each image through a JPEG file of about the latent's size.

    Attributes:
        quality: Pillow's, 1 to 95.
    """

    quality: int
    note: str
    name = "JPEG"

    @classmethod
    def fit(cls, train: np.ndarray, n_latents: int, *, seed: int = 0) -> "JPEG":
        """The quality whose mean file is nearest to 4 bytes (float32) a latent.

        Files are whole, headers included, Huffman tables optimised; sizes are of 200 seeded
        training images. Where even quality 1 is larger, that is taken and the note says so.

        Raises:
            DataError: If images are neither gray nor RGB.
        """
        _colour_mode(train)
        rng = np.random.default_rng(seed)
        rows = np.sort(rng.permutation(len(train))[:N_JPEG_TRIALS])
        trial = _bytes(train[rows])
        target = BYTES_PER_LATENT * n_latents
        low, high = QUALITIES[0], QUALITIES[-1]
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _mean_size(trial, middle) < target else (low, middle)
        sizes = {quality: _mean_size(trial, quality) for quality in (low, high)}
        quality = min(sizes, key=lambda q: abs(sizes[q] - target))
        smallest = _mean_size(trial, QUALITIES[0])
        note = f"quality {quality}, {sizes[quality]:,.0f} bytes an image (latent: {target:,})"
        if smallest > target:
            note += f"; {smallest:,.0f} bytes is the smallest JPEG can go"
        return cls(quality, note)

    def reconstruct(self, images: np.ndarray) -> np.ndarray:
        """Images encoded and decoded; rounded to 8 bits on the way."""
        from PIL import Image

        back = [
            np.asarray(Image.open(io.BytesIO(_encoded(image, self.quality))))
            for image in _bytes(images)
        ]
        stack = np.stack(back).reshape(len(images), *images.shape[2:], images.shape[1])
        return stack.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)


def fit_baselines(train: np.ndarray, n_latents: int, *, seed: int = 0) -> tuple[Baseline, ...]:
    """Mean image, PCA with as many numbers, JPEG at the nearest size.

    Args:
        train: ``n channels height width`` training images, uint8 or float in [0, 1]; may be a
            memory map. Above 60,000 a seeded choice of 60,000 is used.
        n_latents: Numbers in a latent, whatever its shape.
        seed: Of every choice made.

    Returns:
        The baselines; without JPEG where images are neither gray nor RGB.

    Raises:
        DataError: If there are fewer than two training images.
        UsageError: If `n_latents` is under 1.
    """
    if len(train) < 2:
        raise DataError(
            f"baselines need at least 2 training images, not {len(train)}", "give more images"
        )
    if n_latents < 1:
        raise UsageError(f"a latent holds at least 1 number, not {n_latents}")
    if len(train) > MAX_TRAIN:
        rows = np.random.default_rng(seed).permutation(len(train))[:MAX_TRAIN]
        train = train[np.sort(rows)]
    fitted: tuple[Baseline, ...] = (
        MeanImage.fit(train),
        PCA.fit(train, n_latents, seed=seed),
    )
    if train.shape[1] in (1, 3):
        fitted += (JPEG.fit(train, n_latents, seed=seed),)
    return fitted


def score_baselines(
    baselines: tuple[Baseline, ...],
    images: np.ndarray,
    *,
    seed: int = 0,
    groups: Groups | None = None,
    parts: np.ndarray | None = None,
    more: Callable[[np.ndarray, np.ndarray, np.ndarray], dict[str, np.ndarray]] | None = None,
    batch_size: int = 500,
) -> tuple[Row, ...]:
    """The same measures of each baseline on the same images as the model's.

    Args:
        baselines: From `fit_baselines`.
        images: ``n channels height width``, uint8 or float in [0, 1].
        seed: Of the bootstrap.
        groups: (n,) group of each image, see `bootstrap_intervals`.
        parts: (n,) part each image is of (its split): each baseline has a row for each part too,
            ``beside`` it.
        more: Gives further columns of a batch from its places, originals and reconstructions.
        batch_size: Images at a time.
    """
    scores = [ReconstructionScore() for _ in baselines]
    for start in range(0, len(images), batch_size):
        batch = _unit_range(images[start : start + batch_size])
        places = np.arange(start, start + len(batch))
        for baseline, score in zip(baselines, scores, strict=True):
            back = baseline.reconstruct(batch)
            score.update(batch, back, more=None if more is None else more(places, batch, back))
    rows = [
        score.compute(baseline.name, seed=seed, groups=groups, note=baseline.note)[0]
        for baseline, score in zip(baselines, scores, strict=True)
    ]
    if parts is None:
        return tuple(rows)
    for baseline, score in zip(baselines, scores, strict=True):
        rows += [
            row.model_copy(update={"name": baseline.name, "beside": row.name})
            for row in score.parts(parts, seed=seed, groups=groups)
        ]
    return tuple(rows)


def _unit_range(images: np.ndarray) -> np.ndarray:
    if images.dtype == np.uint8:
        return images.astype(np.float32) / np.float32(255)
    return np.asarray(images, np.float32)


def _rows(images: np.ndarray) -> np.ndarray:
    return _unit_range(images).reshape(len(images), -1)


def _chunks(train: np.ndarray):
    """(n, values) float32 rows, about 32 MB at a time."""
    n_chunk = max(1, (1 << 23) // train[0].size)
    for start in range(0, len(train), n_chunk):
        yield _rows(train[start : start + n_chunk])


def _mean_image(train: np.ndarray) -> np.ndarray:
    total = sum(chunk.sum(0, dtype=np.float64) for chunk in _chunks(train))
    return (np.asarray(total) / len(train)).reshape(train.shape[1:]).astype(np.float32)


def _exact_axes(
    train: np.ndarray, mean: np.ndarray, k: int, rng: np.random.Generator
) -> np.ndarray:
    covariance = np.zeros((mean.size, mean.size))
    for chunk in _chunks(train):
        centred = chunk - mean
        covariance += centred.T @ centred
    return np.linalg.eigh(covariance)[1][:, ::-1][:, :k]


def _sketched_axes(
    train: np.ndarray, mean: np.ndarray, k: int, rng: np.random.Generator
) -> np.ndarray:
    width = min(k + N_OVERSAMPLE, mean.size, len(train))
    basis = np.linalg.qr(rng.standard_normal((mean.size, width), np.float32))[0]
    for _ in range(N_ITERATIONS):
        image = np.zeros(basis.shape, np.float64)
        for chunk in _chunks(train):
            centred = chunk - mean
            image += centred.T @ (centred @ basis)
        basis = np.linalg.qr(image)[0].astype(np.float32)
    small = np.zeros((width, width))
    for chunk in _chunks(train):
        scores = (chunk - mean) @ basis
        small += scores.T @ scores
    return basis @ np.linalg.eigh(small)[1][:, ::-1][:, :k]


def _colour_mode(images: np.ndarray) -> str:
    channels = images.shape[1]
    if channels not in (1, 3):
        raise DataError(
            f"JPEG holds gray or RGB images, not {channels} channels", "leave the JPEG baseline out"
        )
    return "L" if channels == 1 else "RGB"


def _bytes(images: np.ndarray) -> np.ndarray:
    """uint8 ``n height width`` (gray) or ``n height width 3``."""
    _colour_mode(images)
    if images.dtype != np.uint8:
        images = np.rint(np.clip(images, 0, 1) * 255).astype(np.uint8)
    return images[:, 0] if images.shape[1] == 1 else images.transpose(0, 2, 3, 1)


def _encoded(image: np.ndarray, quality: int) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    pixels = np.ascontiguousarray(image)
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, optimize=True)
    return file.getvalue()


def _mean_size(images: np.ndarray, quality: int) -> float:
    return float(np.mean([len(_encoded(image, quality)) for image in images]))

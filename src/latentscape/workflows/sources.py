"""Where images come from that no one photographed, and what stands beside them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch

from latentscape.workflows.latents import Latents
from latentscape.workflows.mixture import drawn_from_mixture
from latentscape.workflows.opening import Subject, decode

MOST_LATENTS = 20_000


class Source(NamedTuple):
    """Some images and how they came about.

    Attributes:
        name: As in a table.
        images: uint8 ``n channels height width``; None where there are none.
        note: How they were made; of those that were not, why not.
    """

    name: str
    images: np.ndarray | None
    note: str


@dataclass(frozen=True)
class Held:
    """A model, the real images it is held against, and others it was trained on.

    Attributes:
        latents: Of the real images.
        subject: The model and the real images.
        real: uint8 ``n channels height width``.
        training: Rows of training images that are not among the real ones, in random order.
        seed: Of every draw.
    """

    latents: Latents
    subject: Subject
    real: np.ndarray
    training: np.ndarray
    seed: int

    @property
    def n(self) -> int:
        """How many images each source gives."""
        return len(self.real)


def generated(held: Held, *, n_components: int) -> Iterator[Source]:
    """Prior samples, mixture samples and interpolations, as many as there are real images."""
    yield _prior(held)
    yield _mixture(held, n_components)
    yield _midpoints(held)


def beside(held: Held) -> Iterator[Source]:
    """Reconstructions of the real images; noise and the mean image, both of training images."""
    images = decode(held.subject.model, held.latents.means)
    note = "of the very images they are held against: what the decoder can do at best"
    yield Source("reconstructions", images, note)
    if not len(held.training):
        yield Source("pixel noise", None, NO_TRAINING)
        yield Source("mean image", None, NO_TRAINING)
        return
    train = held.subject.as_bytes(held.training[:MOST_LATENTS]).astype(np.float32)
    mean, deviation = train.mean(0), train.std(0)
    noise = np.random.default_rng(held.seed).standard_normal(held.real.shape, np.float32)
    fitted = f"fitted to {len(train):,} training images"
    yield Source("pixel noise", _rounded(mean + deviation * noise),
                 f"each pixel by itself from a Gaussian {fitted}: nothing learnt")  # fmt: skip
    still = np.broadcast_to(_rounded(mean), held.real.shape)
    yield Source("mean image", still, f"one image, {fitted}: what a collapsed decoder paints")


NO_TRAINING = "there are no training images besides the ones measured"


def _prior(held: Held) -> Source:
    name = "prior samples"
    if not held.latents.prior_matched:
        why = "nothing in training drew this model's latents towards N(0, I); see the mixture"
        return Source(name, None, why)
    shape = (held.n, *held.latents.means.shape[1:])
    drawn = np.random.default_rng(held.seed).standard_normal(shape, np.float32)
    return Source(name, decode(held.subject.model, drawn), "draws from N(0, I), decoded")


def _mixture(held: Held, n_components: int) -> Source:
    name = "mixture samples"
    means = training_means(held)
    if not len(means):
        return Source(name, None, NO_TRAINING)
    drawn, note = drawn_from_mixture(means, n_components, held.n, seed=held.seed)
    return Source(name, decode(held.subject.model, drawn), f"{note} of training images, decoded")


def _midpoints(held: Held) -> Source:
    name, n = "interpolations", held.n
    if n < 2:
        return Source(name, None, "one image has no partner")
    rng = np.random.default_rng(held.seed)
    first = rng.permutation(n)
    second = (first + rng.integers(1, n, n)) % n
    middle = (held.latents.means[first] + held.latents.means[second]) / 2
    note = "midpoints of random pairs of the real images' posterior means, decoded"
    return Source(name, decode(held.subject.model, middle), note)


@torch.inference_mode()
def training_means(held: Held) -> np.ndarray:
    """``m *latent`` finite posterior means of at most 20,000 training images."""
    subject = replace(held.subject, rows=held.training[:MOST_LATENTS])
    autoencoder = subject.model.autoencoder
    found = [autoencoder.encode(pixels).mean.cpu().numpy() for _, pixels in subject.batches()]
    means = np.concatenate([held.latents.means[:0], *found])
    return means[np.isfinite(means).all(axis=tuple(range(1, means.ndim)))]


def _rounded(levels: np.ndarray) -> np.ndarray:
    return np.rint(levels.clip(0, 255)).astype(np.uint8)

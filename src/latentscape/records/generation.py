"""How good new images are: what `measure generation` returns."""

from typing import ClassVar

from latentscape.records.measure import Provenance, Row
from latentscape.records.record import Array, Record


class Features(Record):
    """The frozen net that generated and real images were compared in.

    Attributes:
        net: Its name.
        layer: Which layer was read, and how many numbers it gives.
        weights: Where its weights are from.
        sha256: Of the file of weights; empty where there is no file.
        entry: How an image entered: colour, range, size.
        scale: Root mean square of the real images' features; all features were divided by it.
    """

    net: str
    layer: str
    weights: str
    sha256: str
    entry: str
    scale: float


class Drawn(Record):
    """Some generated images, each beside the training image nearest in feature space.

    Attributes:
        name: Where they are from, e.g. ``prior samples``.
        images: uint8 ``n channels height width``.
        nearest: The same shape; empty where there are no training images.
        nearest_ids: Identities of those.
        distances: (n,) Euclidean distance in feature space to them.
    """

    name: str
    images: Array
    nearest: Array
    nearest_ids: tuple[str, ...]
    distances: Array


class GenerationRecord(Record):
    """Generated images measured against real ones, source by source.

    Attributes:
        features: The net that all but the likelihood is measured in.
        rows: Prior samples, mixture samples and interpolations; one that is not drawn says why.
        baselines: Real training images (the floor), reconstructions, noise and the mean image.
        likelihood: The importance-weighted bound beside the ELBO on the same images.
        drawn: Some images of each source beside their nearest training images.
        typical_distance: Median distance in feature space of a real image to its nearest
            training image; None where there are no training images.
        n_train: Training images looked through for the nearest.
        prior_matched: Whether training drew the model's latents towards N(0, I).
    """

    kind: ClassVar[str] = "generation"
    provenance: Provenance
    features: Features
    rows: tuple[Row, ...]
    baselines: tuple[Row, ...]
    likelihood: Row
    drawn: tuple[Drawn, ...]
    typical_distance: float | None
    n_train: int
    prior_matched: bool

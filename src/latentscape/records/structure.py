"""How a latent space is organised: what `measure structure` returns."""

from typing import ClassVar

from latentscape.records.classes import ClassStructure
from latentscape.records.measure import Provenance, Row
from latentscape.records.record import Array, Record
from latentscape.records.smoothness import Smoothness
from latentscape.records.spatial import SpatialStatistics


class PrincipalPlane(Record):
    """The cloud of latents on its first two principal axes.

    Attributes:
        positions: (m, 2) float32, a seeded choice of latents; the origin is the latent space's.
        labels: (m,) integer class of each, −1 where unknown.
        centre: Where the cloud's mean lies.
        deviations: Standard deviation along each axis; the two axes are uncorrelated.
        aggregate: (2, 2) covariance on the same plane of one draw from every posterior (means
            and posterior variances together); None where the posterior is a point.
    """

    positions: Array
    labels: Array
    centre: tuple[float, float]
    deviations: tuple[float, float]
    aggregate: Array | None = None


class StructureRecord(Record):
    """Measures of a cloud of latents, a row a topic.

    Attributes:
        rows: Covariance shape, Gaussianity, distance to the prior, intrinsic dimension.
        verdicts: A sentence each, with its thresholds.
        eigenvalues: (d,) variances along the principal axes, largest first; empty where none.
        null_eigenvalues: (3, d) lowest, mean and highest of the same for isotropic Gaussian
            clouds of as many latents and as much variance.
        plane: The first two principal axes; None of fewer than two latents or dimensions.
        prior_matched: Whether training drew the model's latents towards N(0, I).
        class_names: Name of each class.
        classes: Class measures, clusters and overlaps.
        smoothness: How evenly the decoder moves.
        spatial: Channels and places of latents on a grid.
    """

    kind: ClassVar[str] = "structure"
    provenance: Provenance
    rows: tuple[Row, ...]
    verdicts: tuple[str, ...]
    eigenvalues: Array
    null_eigenvalues: Array
    plane: PrincipalPlane | None = None
    prior_matched: bool = True
    class_names: tuple[str, ...] = ()
    classes: ClassStructure | None = None
    smoothness: Smoothness | None = None
    spatial: SpatialStatistics | None = None

"""What measuring against known factors and walking along single latents return."""

from typing import ClassVar, Literal

from latentscape.records.measure import Provenance, Row
from latentscape.records.record import Array, Record

Axes = Literal["latents", "principal directions"]


class DisentanglementRecord(Record):
    """Scores of latents against the factors behind the images.

    Attributes:
        row: The scores, each with interval and chance; a factor that could not be used stands
            under ``undefined`` as ``factor NAME``.
        rotated: The same scores of the same latents turned at random; empty for labels.
        by_factor: A row a factor, with its part in the scores and, as note, its values.
        labels_only: Whether the images have labels and no factors: the gap is then no MIG.
        axes: What a unit is: a single latent, or a principal direction of a spatial one.
        unit_names: Of the d units, in the order of the matrices' rows.
        factor_names: Of the K factors, in the order of the matrices' columns.
        information: ``d K`` nats.
        entropies: (K,) nats.
        importance: ``d K`` of DCI, each column adding up to 1; ``0 0`` where not defined.
        importance_by: ``boosting``, ``linear`` or nothing.
        rate: (d,) mean KL of each unit, nats; of a point posterior, the variance of the unit.
        collapsed: (d,) whether a unit varies too little to have a vote.
        ranked_by: What ``rate`` is: ``KL`` or ``variance``.
    """

    kind: ClassVar[str] = "disentanglement"
    provenance: Provenance
    row: Row
    rotated: Row
    by_factor: tuple[Row, ...]
    labels_only: bool
    axes: Axes
    unit_names: tuple[str, ...]
    factor_names: tuple[str, ...]
    information: Array
    entropies: Array
    importance: Array
    importance_by: str
    rate: Array
    collapsed: Array
    ranked_by: Literal["KL", "variance"]


class TraversalRecord(Record):
    """Images decoded along one unit after another, all else held.

    Attributes:
        axes: What a unit is: a single latent, or a principal direction of a spatial one.
        around: What is held: ``mean`` of the posterior means, or a sample id.
        unit_names: Of the units shown, the one with the most rate first.
        n_units: How many the model has.
        rate: (units,) mean KL of each, nats; variance for point posteriors and directions.
        ranked_by: What ``rate`` is.
        quantiles: Of the aggregate posterior along a unit, one a column.
        values: ``units steps``: the unit's own coordinate in each column.
        latents: ``units steps *latent``.
        frames: uint8 ``units steps channels height width``.
        held: uint8 ``channels height width``: what the latent that is held decodes to.
    """

    kind: ClassVar[str] = "traversal"
    provenance: Provenance
    axes: Axes
    around: str
    unit_names: tuple[str, ...]
    n_units: int
    rate: Array
    ranked_by: Literal["KL", "variance"]
    quantiles: tuple[float, ...]
    values: Array
    latents: Array
    frames: Array
    held: Array

"""What happens on the way between latents: what `measure trajectories` returns."""

from typing import ClassVar

from latentscape.records.generation import Features
from latentscape.records.measure import Provenance, Row
from latentscape.records.record import Array, Record


class TrueWays(Record):
    """The true in-between images of each pair, where what drew the samples is known.

    Attributes:
        curves: (pairs, steps − 1) their style curves.
        patterns: Name of each curve's shape.
        verdicts: What the true ways are, by their frames alone: dissolve, morph, cut ...
        numbers: By name, (pairs,) their descriptors and panel.
        dissolves: By name, (pairs,) how near to the truth the cross-dissolves of the decoded ends
            are.
        ceilings: The same of the true images, encoded and decoded: the best to be had.
        ceiling_verdicts: What the true ways are once encoded and decoded, by their frames alone.
        frames: uint8 ``shown steps channels height width``, of the pairs that are shown.
    """

    curves: Array
    patterns: tuple[str, ...]
    verdicts: tuple[str, ...]
    numbers: dict[str, Array]
    dissolves: dict[str, Array]
    ceilings: dict[str, Array]
    ceiling_verdicts: tuple[str, ...]
    frames: Array


class Journeys(Record):
    """All trajectories between pairs of one criterion, a value a pair.

    Attributes:
        criterion: How the pairs were chosen.
        pairs: What the two ends of each are called.
        curves: (pairs, steps − 1) style loss from each frame to the next.
        nulls: The same of the cross-dissolve of the two decoded ends.
        layers: Names of the style net's layers.
        layer_curves: (pairs, layers, steps − 1) float32, each layer's own part of the curves; None
            in records from before layers were kept.
        layer_nulls: The same of the cross-dissolves.
        patterns: Name of each curve's shape.
        null_patterns: The same of the dissolves' curves.
        verdicts: What each trajectory is: dissolve, morph, cut ...
        numbers: By name, (pairs,) descriptors, panel and geometry; NaN where not defined.
        undefined: By pair's place, why it has no verdict.
        shown: Places of the pairs whose frames are kept.
        frames: uint8 ``shown steps channels height width``.
        dissolves: The same of their cross-dissolves.
        truth: The true in-between images; None where they are not known, and in records from
            before they were kept.
    """

    criterion: str
    pairs: tuple[tuple[str, str], ...]
    curves: Array
    nulls: Array
    layers: tuple[str, ...] = ()
    layer_curves: Array | None = None
    layer_nulls: Array | None = None
    patterns: tuple[str, ...]
    null_patterns: tuple[str, ...]
    verdicts: tuple[str, ...]
    numbers: dict[str, Array]
    undefined: dict[str, str]
    shown: tuple[int, ...]
    frames: Array
    dissolves: Array
    truth: TrueWays | None = None


class TrajectoriesRecord(Record):
    """Many trajectories through one latent space, each judged beside its own cross-dissolve.

    Attributes:
        method: Name of the interpolator.
        n_steps: Frames of each, both ends counted.
        preset: How the style loss is written.
        features: The net that style is read in.
        lengths: The net in whose features lengths are compared with the straight line's, in
            words; None for the line itself.
        rows: A row a criterion: shares of patterns and verdicts, medians, correlations.
        layer_rows: A row a criterion and layer: what its own curves are called.
        baselines: What a criterion's row is held against, where the truth is known: the true
            images, these encoded and decoded, and the cross-dissolves.
        thresholds: Of patterns and verdicts, in words.
        journeys: By criterion.
    """

    kind: ClassVar[str] = "trajectories"
    provenance: Provenance
    method: str
    n_steps: int
    preset: str
    features: Features
    lengths: str | None = None
    rows: tuple[Row, ...]
    layer_rows: tuple[Row, ...] = ()
    baselines: tuple[Row, ...] = ()
    thresholds: tuple[str, ...]
    journeys: tuple[Journeys, ...]

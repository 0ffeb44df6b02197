"""What happens on the way between latents: what `measure trajectories` returns."""

from typing import ClassVar

from latentscape.records.generation import Features
from latentscape.records.measure import Provenance, Row
from latentscape.records.record import Array, Record


class Journeys(Record):
    """All trajectories between pairs of one criterion, a value a pair.

    Attributes:
        criterion: How the pairs were chosen.
        pairs: What the two ends of each are called.
        curves: (pairs, steps − 1) style loss from each frame to the next.
        nulls: The same of the cross-dissolve of the two decoded ends.
        patterns: Name of each curve's shape.
        null_patterns: The same of the dissolves' curves.
        verdicts: What each trajectory is: dissolve, morph, cut ...
        numbers: By name, (pairs,) descriptors, panel and geometry; NaN where not defined.
        undefined: By pair's place, why it has no verdict.
        shown: Places of the pairs whose frames are kept.
        frames: uint8 ``shown steps channels height width``.
        dissolves: The same of their cross-dissolves.
    """

    criterion: str
    pairs: tuple[tuple[str, str], ...]
    curves: Array
    nulls: Array
    patterns: tuple[str, ...]
    null_patterns: tuple[str, ...]
    verdicts: tuple[str, ...]
    numbers: dict[str, Array]
    undefined: dict[str, str]
    shown: tuple[int, ...]
    frames: Array
    dissolves: Array


class TrajectoriesRecord(Record):
    """Many trajectories through one latent space, each judged beside its own cross-dissolve.

    Attributes:
        method: Name of the interpolator.
        n_steps: Frames of each, both ends counted.
        preset: How the style loss is written.
        features: The net that style is read in.
        rows: A row a criterion: shares of patterns and verdicts, medians, correlations.
        thresholds: Of patterns and verdicts, in words.
        journeys: By criterion.
    """

    kind: ClassVar[str] = "trajectories"
    provenance: Provenance
    method: str
    n_steps: int
    preset: str
    features: Features
    rows: tuple[Row, ...]
    thresholds: tuple[str, ...]
    journeys: tuple[Journeys, ...]

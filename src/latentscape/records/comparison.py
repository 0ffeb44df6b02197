"""What `compare` returns: runs beside each other, one column a run, one line a measure."""

from math import isfinite
from typing import ClassVar, Literal

from pydantic import Field

from latentscape.records.measure import Better, Measure, Provenance, Reference, Row
from latentscape.records.record import Record


class ComparedRun(Record):
    """A run that takes part.

    Attributes:
        name: Its column's; unique among the runs.
        folder: Where it lies, seen from the comparison's own folder.
        recipe: Its recipe's name.
    """

    name: str
    folder: str
    recipe: str


class Setting(Record):
    """A setting in which runs differ; a run that has none is left out of ``values``."""

    name: str
    values: dict[str, str]


class ComparisonLine(Record):
    """One measure of every run that has it.

    Attributes:
        topic: Kind of the record it stands in: ``reconstruction``, ``structure`` ...
        row: Name of its row; empty for a model's own.
        condition: Only under this do its numbers compare, e.g. a likelihood; empty where always.
        measures: By run.
        undefined: By run, why it is not defined.
        baselines: The same measure of what the models are held against; ``words`` says which.
        best: The run whose interval overlaps no other's; several that overlap are not told
            apart; none where no side is better or no interval was computed.
    """

    topic: str
    row: str
    name: str
    unit: str
    better: Better
    condition: str = ""
    measures: dict[str, Measure]
    undefined: dict[str, str] = Field(default_factory=dict)
    baselines: tuple[Reference, ...] = ()
    best: tuple[str, ...] = ()

    @property
    def references(self) -> dict[str, Reference]:
        """By run, what its own number is held against."""
        return {run: m.reference for run, m in self.measures.items() if m.reference is not None}

    @property
    def is_told_apart(self) -> bool:
        """Whether one run is better than every other beyond their intervals."""
        return len(self.best) == 1


class Difference(Record):
    """A run's measure minus that of the run it is held against, on the same images.

    Attributes:
        value: Mean over images of (run − against).
        low, high: Interval of that mean; images are drawn, each with both of its values.
        interval: How it was made.
        n: Images behind it.
    """

    topic: str
    run: str
    against: str
    name: str
    unit: str
    better: Better
    value: float
    low: float
    high: float
    interval: str
    n: int

    @property
    def verdict(self) -> Literal["better", "worse", "higher", "lower", "not told apart"]:
        """What the interval says; without a better side, only which way."""
        if not (isfinite(self.low) and isfinite(self.high)) or self.low <= 0 <= self.high:
            return "not told apart"
        side = "higher" if self.low > 0 else "lower"
        if self.better == "neither":
            return side
        return "better" if side == self.better else "worse"


class ComparisonTable(Record):
    """Runs that were measured on the same images, the same way.

    Attributes:
        data, split, posterior, n: Which images, and what of the posterior was decoded.
        fingerprint: Of the images.
        runs: Names of its columns, in order.
        lines: Topic by topic.
        differences: To one of its runs, where values of single images were kept.
    """

    data: str
    split: str
    posterior: str
    n: int
    fingerprint: str
    runs: tuple[str, ...]
    lines: tuple[ComparisonLine, ...]
    differences: tuple[Difference, ...] = ()


class TruthOrder(Record):
    """Models in the order of their error against the true in-between images, the least first.

    Attributes:
        provenance: What all have in common; n is of pairs.
        criterion, method: Between which pairs, by which way.
        rows: A row a model, called as the run is.
        dissolves: The same of the cross-dissolves of each model's own decoded ends.
        ceilings: The same of the true images, encoded and decoded by each model.
        differences: Each model less the one before it, pair by pair; none where models travelled
            between different pairs.
        note: How many models, and whether between the same pairs.
    """

    provenance: Provenance
    criterion: str
    method: str
    rows: tuple[Row, ...]
    dissolves: tuple[Row, ...]
    ceilings: tuple[Row, ...]
    differences: tuple[Difference, ...] = ()
    note: str


class ComparisonRecord(Record):
    """Several runs beside each other.

    Attributes:
        folder: Where the record, its CSV and its page lie.
        settings: What differs between the runs.
        tables: One for all runs that share images; numbers of different images never share one.
        notes: What was kept apart or left out, and why.
        relations: Over runs whose trajectories were measured alike, a row a criterion: whether
            the amount of dissolve goes with the shape of the style curve.
        nearness: The same runs in the order of their distance to the truth, where it is known.
    """

    kind: ClassVar[str] = "comparison"
    folder: str
    runs: tuple[ComparedRun, ...]
    settings: tuple[Setting, ...]
    tables: tuple[ComparisonTable, ...]
    notes: tuple[str, ...] = ()
    relations: tuple[Row, ...] = ()
    nearness: tuple[TruthOrder, ...] = ()

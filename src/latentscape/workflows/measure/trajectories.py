"""Measure trajectories: many ways through a latent space, each beside its own cross-dissolve."""

from pathlib import Path

from latentscape.data import DataConfig
from latentscape.errors import UsageError
from latentscape.records import Row, TrajectoriesRecord, Undefined
from latentscape.records.generation import Features
from latentscape.trajectories import Crowd, Pairs, choose_pairs
from latentscape.trajectories.by_layer import layer_rows
from latentscape.trajectories.near_truth import truth_rows
from latentscape.trajectories.patterns import FLAT, WAVES
from latentscape.trajectories.verdict import (
    BLURS,
    DATA_LEVEL,
    DISSOLVES,
    IN_TIME,
    KEEPS,
    LEAVES_LINE,
    ON_LINE,
    OUT_OF_TIME,
    WINDS,
)
from latentscape.workflows.measure.travels import TravelConfig, Travels
from latentscape.workflows.opening import Progress, open_subject, room_in

THRESHOLDS = (
    f"dissolve: off-blend energy < {ON_LINE:g}, |α̂ − t| < {IN_TIME:g}, deficit > {DISSOLVES:g}; "
    f"blurred: deficit > {BLURS:g}",
    f"cut: off-blend energy < {ON_LINE:g}, |α̂ − t| > {OUT_OF_TIME:g}, deficit < {KEEPS:g}",
    f"morph: off-blend energy > {LEAVES_LINE:g}, deficit < {DISSOLVES:g}, length ÷ chord > "
    f"{WINDS:g}, turning > π, and no further from data than {DATA_LEVEL:g} times data's own level",
    f"curve: flat below a variation of {FLAT:g}; wave above a share of {WAVES:g} in orders ≥ 3",
)


def measure_trajectories(
    model: str | Path,
    data: str | DataConfig | None = None,
    *,
    config: TravelConfig | None = None,
    split: str = "test",
    seed: int = 0,
    out: Path | str | None = None,
    progress: Progress | None = None,
) -> TrajectoriesRecord:
    """Travel between many pairs and say of each way whether it dissolves, cuts or morphs.

    Args:
        model: MODEL.
        data: DATA; the model's own images if None.
        config: Which trajectories, and in what their style is read.
        split: ``train``, ``val``, ``test`` or ``all``.
        seed: Of the choice of pairs, random weights and bootstraps.
        out: Stem of the record's files; ``measures/`` in the model's run if None.
        progress: Called with (trajectories done, in all, "trajectories").

    Raises:
        UsageError: If a word is unknown, or no pair meets any criterion.
        DataError: If images and model do not fit.
        ModelError: If what the model encodes is not finite, or the net's weights cannot be had.
    """
    config = config or TravelConfig()
    subject = open_subject(model, data, split)
    tour = Travels(subject, config, seed=seed, progress=progress)
    found, rows = [], []
    for criterion, pairs in _chosen(tour.crowd, config, seed):
        if isinstance(pairs, UsageError):
            rows.append(_refused(criterion, pairs))
            continue
        journeys, row = tour.of(pairs)
        found.append(journeys)
        rows.append(row)
    record = TrajectoriesRecord(
        provenance=subject.provenance(seed=seed, n=len(subject.rows)),
        method=config.method,
        n_steps=config.n_steps,
        preset=config.preset,
        features=Features(**tour.net.facts._asdict(), scale=1.0),
        lengths=None if tour.features is None else tour.features.facts.words,
        rows=tuple(rows),
        layer_rows=tuple(row for j in found for row in layer_rows(j)),
        baselines=tuple(row for j in found for row in truth_rows(j)),
        thresholds=THRESHOLDS,
        journeys=tuple(found),
    )
    stem = out or room_in(subject.model, "measures", f"trajectories-{config.method}-{subject.stem}")
    if stem is not None:
        record.save(stem)
    return record


def _chosen(crowd: Crowd, config: TravelConfig, seed: int) -> list[tuple[str, Pairs | UsageError]]:
    """The pairs of each criterion, or why none meets it; a mistake in a list ends all at once."""
    found: list[tuple[str, Pairs | UsageError]] = []
    for criterion in config.criteria:
        named = criterion if isinstance(criterion, str) else "listed"
        try:
            pairs = choose_pairs(criterion, crowd, n_pairs=config.n_pairs, seed=seed)
        except UsageError as error:
            if named == "listed":
                raise
            pairs = error
        found.append((named, pairs))
    refusals = [pairs for _, pairs in found if isinstance(pairs, UsageError)]
    if len(refusals) == len(found):
        raise refusals[0]
    return found


def _refused(criterion: str, error: UsageError) -> Row:
    return Row(
        name=criterion, measures=(), undefined=(Undefined(name="every measure", why=error.message),)
    )

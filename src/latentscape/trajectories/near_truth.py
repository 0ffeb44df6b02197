"""How near trajectories come to the true ways: what stands beside them, and models in order."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from latentscape.errors import UndefinedError
from latentscape.metrics import CATALOGUE, bootstrap_intervals, measured, row_of
from latentscape.metrics.catalogue.journeys import PATTERNS, VERDICTS
from latentscape.metrics.interval import LEVEL, Interval
from latentscape.records import Difference, Journeys, Measure, Provenance, Row, TruthOrder
from latentscape.trajectories.shared_ends import SharedEnds
from latentscape.trajectories.summary import median_of, share_of, shares

N_RESAMPLES = 1000
FEWEST_SHARE = 0.5  # of a model's pairs that must decode for it to stand in an order
TRUE = "true in-between images"
CEILING = "true images, encoded and decoded"
FADED = "cross-dissolves of the decoded ends"
SKILL = "pooled_motion_skill"
BY_FRAMES = "morph_by_frames"
NEEDED = ("truth_error", "truth_distance")  # the first sets the order
ORDERED = (*NEEDED, SKILL)


def truth_rows(journeys: Journeys) -> tuple[Row, ...]:
    """What the row of a criterion is held against: the truth, the model's best, the dissolves.

    Args:
        journeys: The trajectories of one criterion.

    Returns:
        Nothing where the truth is not known.
    """
    truth = journeys.truth
    if truth is None:
        return ()
    note = f"{len(truth.verdicts):,} pairs"
    by_frames = f"{note}; verdicts by the frames alone, not by nearness to data"
    known, again = np.array(truth.verdicts), np.array(truth.ceiling_verdicts)
    patterns, ends = np.array(truth.patterns), SharedEnds.of(journeys.pairs)
    rows = (
        row_of(
            TRUE,
            {
                "patterns": lambda: shares(PATTERNS, patterns, None, ends),
                "verdicts": lambda: shares(VERDICTS, known, None, ends),
                **_medians(truth.numbers, ends),
            },
            note=by_frames,
        ),
        row_of(
            CEILING,
            {
                "verdicts": lambda: shares(VERDICTS, again, None, ends),
                **_medians(truth.ceilings, ends),
            },
            note=by_frames,
        ),
        row_of(FADED, _medians(truth.dissolves, ends), note=note),
    )
    return tuple(row.model_copy(update={"beside": journeys.criterion}) for row in rows)


def truth_order(
    criterion: str,
    models: Mapping[str, Journeys],
    *,
    method: str,
    about: Provenance,
    seed: int,
) -> TruthOrder | None:
    """Models from the nearest to the truth to the farthest, and what tells neighbours apart.

    The order is that of the squared error at the same moments. Distance to the *nearest* true image
    cannot set it: what keeps to the two ends, a cut most of all, has none.

    Means and skills are of all pairs together, so that pairs whose dissolve is nearly true, and
    whose own skill is therefore anything, weigh little.

    Args:
        criterion: How the pairs were chosen.
        models: Name to its trajectories; those without a known truth are left out.
        method: Name of the way.
        about: What the models have in common.
        seed: Of the bootstrap. Where all models travelled between the same pairs, each resample
            draws the same pairs for all.

    Returns:
        None where fewer than two models have a known truth. Models of which fewer than half of
        the pairs decode to images are left out, and named in the note; without rows where fewer
        than two are left.
    """
    known = {name: j for name, j in models.items() if j.truth is not None}
    if len(known) < 2:
        return None
    columns = {name: _columns(journeys) for name, journeys in known.items()}
    whole = {name: _whole(found) for name, found in columns.items()}
    kept = {name: pairs for name, pairs in whole.items() if pairs.mean() >= FEWEST_SHARE}
    same = len({known[name].pairs for name in kept}) == 1
    if same:
        kept = dict.fromkeys(kept, np.asarray(np.stack(list(kept.values())).all(0)))
    scored = {
        name: _scored(columns[name], pairs, SharedEnds.of(known[name].pairs), seed)
        for name, pairs in kept.items()
        if pairs.any()
    }
    order = sorted(scored, key=lambda name: scored[name]["own"]["truth_error"].value)
    if len(order) < 2:
        order = []
    n = max((scored[name]["own"]["truth_error"].n for name in order), default=0)
    lost = [name for name in known if name not in scored]
    most = max(len(journeys.pairs) for journeys in known.values())
    return TruthOrder(
        provenance=about.model_copy(update={"n": n}),
        criterion=criterion,
        method=method,
        rows=tuple(_row(name, known[name], scored[name]["own"], seed) for name in order),
        dissolves=tuple(_beside(name, scored[name]["faded"]) for name in order),
        ceilings=tuple(_beside(name, scored[name]["best"]) for name in order),
        differences=tuple(_differences(order, scored)) if same else (),
        note="; ".join(_told(order, lost, same=same, n=n, of=most)),
    )


def _told(order: list[str], lost: list[str], *, same: bool, n: int, of: int) -> Iterator[str]:
    """How many models and pairs, and which models are left out."""
    if order:
        every = "the same pairs for all" if same else "pairs that differ from model to model"
        yield f"{len(order)} models, {every}"
        if n < of:
            yield f"{n:,} of {of:,} pairs, those that decode to images throughout"
    else:
        yield "fewer than two models are left to be put in an order"
    if lost:
        yield f"left out, because too few of their pairs decode to images: {', '.join(lost)}"


@dataclass(frozen=True)
class _Score:
    """A number of all pairs of a model, and what it is on each resample.

    ``scores`` say how each pair moves it, ``ends`` which pairs share an end.
    """

    name: str
    value: float
    resampled: np.ndarray
    scores: np.ndarray
    ends: SharedEnds
    words: str
    n: int

    def interval(self, other: "_Score | None" = None) -> Interval | None:
        """Of the number, or of what it has more than another on the same resamples."""
        values = self.resampled - (0 if other is None else other.resampled)
        finite = values[np.isfinite(values)]
        if self.n < 2 or len(finite) < len(values) / 2:
            return None
        low, high = np.quantile(finite, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        own = Interval(float(low), float(high), self.words)
        if other is None:
            bounds = CATALOGUE[self.name].bounds
            return self.ends.widened(own, self.value, self.scores, bounds=bounds)
        scores = self.scores - other.scores
        return self.ends.widened(own, self.value - other.value, scores)

    def measure(self) -> Measure:
        """The number with its interval; undefined where it is none."""
        if not np.isfinite(self.value):
            raise UndefinedError("the dissolves are as near to the truth as the ceiling is", "")
        told = "errors summed over all pairs" if self.name == SKILL else "mean over pairs"
        return measured(self.name, self.value, n=self.n, interval=self.interval(), note=told)


Columns = dict[str, dict[str, np.ndarray]]  # own, faded, best: name to (pairs,)


def _columns(journeys: Journeys) -> Columns:
    """Distances and errors of the trajectories, of the dissolves and of the ceiling."""
    assert journeys.truth is not None
    sources = (journeys.numbers, journeys.truth.dissolves, journeys.truth.ceilings)
    return {
        whose: {name: np.asarray(numbers[name], float) for name in NEEDED}
        for whose, numbers in zip(("own", "faded", "best"), sources, strict=True)
    }


def _whole(columns: Columns) -> np.ndarray:
    """(pairs,) whether everything about a pair is a number."""
    values = [values for found in columns.values() for values in found.values()]
    return np.asarray(np.isfinite(np.stack(values)).all(0))


def _scored(
    columns: Columns, kept: np.ndarray, ends: SharedEnds, seed: int
) -> dict[str, dict[str, _Score]]:
    """By whose and name; all on the same resamples of the pairs that are kept."""
    n = int(kept.sum())
    drawn = np.random.default_rng(seed).integers(0, n, (N_RESAMPLES, n))
    words = f"{100 * LEVEL:g} % bootstrap over {n:,} pairs ({N_RESAMPLES:,} resamples, seed {seed})"
    found = {
        whose: {
            name: _Score(
                name,
                float(values[kept].mean()),
                values[kept][drawn].mean(1),
                np.where(kept, values, np.nan),
                ends,
                words,
                n,
            )
            for name, values in named.items()
        }
        for whose, named in columns.items()
    }
    own, faded, best = (found[whose]["truth_error"] for whose in ("own", "faded", "best"))
    value = float(_skill(*(np.array(score.value) for score in (own, faded, best))))
    resampled = _skill(*(score.resampled for score in (own, faded, best)))
    # A ratio of means moves with each pair as its numerator less the ratio times its denominator.
    taken, room = faded.scores - own.scores, faded.scores - best.scores
    scores = (taken - value * room) / (faded.value - best.value or np.nan)
    found["own"][SKILL] = _Score(SKILL, value, resampled, scores, ends, words, n)
    return found


def _skill(own: np.ndarray, faded: np.ndarray, best: np.ndarray) -> np.ndarray:
    """Of the dissolves' error beyond the ceiling's, the share that the trajectories take away."""
    room = np.asarray(faded - best)
    return np.divide(faded - own, room, out=np.full(room.shape, np.nan), where=room > 0)


def _row(name: str, journeys: Journeys, scores: Mapping[str, _Score], seed: int) -> Row:
    found, ends = np.array(journeys.verdicts), SharedEnds.of(journeys.pairs)
    makers = {
        **{key: lambda key=key: (scores[key].measure(),) for key in ORDERED},
        "truth_unevenness": lambda: (_unevenness(journeys, seed),),
        "verdicts": lambda: shares(VERDICTS, found, None, ends),
    }
    if (flags := journeys.numbers.get(BY_FRAMES)) is not None:
        makers |= {BY_FRAMES: lambda: share_of(BY_FRAMES, flags, ends)}
    return row_of(name, makers)


def _unevenness(journeys: Journeys, seed: int) -> Measure:
    """Mean over the pairs that define it: not those whose ends are nearest to one true image."""
    values = np.asarray(journeys.numbers["truth_unevenness"], float)
    n = int(np.isfinite(values).sum())
    if not n:
        raise UndefinedError("no trajectory goes from one true image to another", "")
    key = "truth_unevenness"
    interval = bootstrap_intervals({key: values}, seed=seed).get(key)
    note = f"mean over {n:,} of {len(values):,} pairs"
    return measured(key, float(np.nanmean(values)), n=n, interval=interval, note=note)


def _beside(name: str, scores: Mapping[str, _Score]) -> Row:
    return Row(name=name, measures=tuple(scores[key].measure() for key in NEEDED))


def _differences(
    order: list[str], scored: Mapping[str, Mapping[str, Mapping[str, _Score]]]
) -> Iterator[Difference]:
    """Each model less the one before it, on the same resamples of the same pairs."""
    for first, name in pairwise(order):
        for key in ORDERED:
            mine, theirs = scored[name]["own"][key], scored[first]["own"][key]
            interval = mine.interval(theirs)
            if interval is not None:
                entry = CATALOGUE[key]
                yield Difference(
                    topic="trajectories", run=name, against=first, name=key, unit=entry.unit,
                    better=entry.better, value=mine.value - theirs.value, low=interval.low,
                    high=interval.high, n=mine.n,
                    interval=f"{interval.words}, each pair with both of its values",
                )  # fmt: skip


def _medians(
    columns: Mapping[str, np.ndarray], ends: SharedEnds
) -> dict[str, Callable[[], tuple[Measure]]]:
    return {
        name: lambda name=name: median_of(name, columns[name], ends)
        for name in columns
        if np.isfinite(columns[name]).any()
    }

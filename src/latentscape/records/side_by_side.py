"""Records of several runs to tables: what may share a line, and which run is told apart in it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from math import isfinite, prod
from typing import Any

from latentscape.records.comparison import ComparisonLine, ComparisonTable
from latentscape.records.measure import Measure, Provenance, Reference, Row
from latentscape.records.record import Record
from latentscape.records.rows import rows_of

# Sums of log-likelihoods: only models of one likelihood share a line of these.
OF_ONE_LIKELIHOOD = ("elbo", "distortion", "distortion_above_floor", "bits_per_dim", "iwae")
SPLIT_RULE = ("source", "limit", "val_fraction", "test_fraction", "seed")
KNOWN_FIRST = (
    *("reconstruction", "collapse", "structure"),
    *("trajectories", "generation", "disentanglement"),
)


@dataclass(frozen=True)
class MeasuredRun:
    """A run as a comparison sees it.

    Attributes:
        name: Of its column.
        about: Content of its run.json.
        records: What lies under its ``measures/``.
        others: Its other records; they may know which images a split holds.
    """

    name: str
    about: dict[str, Any]
    records: tuple[Record, ...]
    others: tuple[Record, ...] = ()


@dataclass(frozen=True)
class _Part:
    """One record in one column, and what its numbers rest on."""

    run: MeasuredRun
    record: Record
    provenance: Provenance
    images: str  # digest of the sample ids; empty where they are not known
    rule: tuple[Any, ...]  # by which its split was drawn

    def shares_images(self, other: "_Part") -> bool:
        mine, theirs = self.provenance, other.provenance
        fields = ("data", "split", "posterior", "fingerprint", "n")
        if any(getattr(mine, name) != getattr(theirs, name) for name in fields):
            return False
        if self.images and other.images:
            return self.images == other.images
        return mine.split == "all" or self.rule == other.rule


@dataclass
class _Gathering:
    """A line while it is filled: measures by run, baselines by name and run."""

    measures: dict[str, Measure] = field(default_factory=dict)
    undefined: dict[str, str] = field(default_factory=dict)
    held: list[tuple[str, str, Measure]] = field(default_factory=list)  # baseline, run, measure


def side_by_side(
    runs: Sequence[MeasuredRun],
) -> tuple[tuple[ComparisonTable, ...], tuple[str, ...]]:
    """Tables of all measures of several runs, and a sentence on each thing kept apart.

    Records share a table only where data, fingerprint, split, posterior and the very images are
    the same; measures that rest on the likelihood share a line only under the same one.
    """
    groups: list[list[_Part]] = []
    notes: list[str] = []
    for run in runs:
        for part in _parts(run):
            home = next((g for g in groups if g[0].shares_images(part)), None)
            if home is None:
                groups.append([part])
            elif any(p.run is run and p.record.kind == part.record.kind for p in home):
                notes.append(f"{run.name} has two {part.record.kind} records of the same images: "
                             "only the first by its file's name is shown.")  # fmt: skip
            else:
                home.append(part)
    order = [run.name for run in runs]
    groups.sort(key=lambda group: -len({part.run.name for part in group}))
    notes += _kept_apart(groups)
    return tuple(_table(group, order) for group in groups), tuple(dict.fromkeys(notes))


def told_apart(measures: dict[str, Measure]) -> tuple[str, ...]:
    """Which runs are best: one where its interval overlaps no other's, else all that may be.

    Returns:
        Names, the largest or smallest value first; empty where no side is better, fewer than two
        runs have the measure, or the leading run has no interval.
    """
    found = {name: m for name, m in measures.items() if isfinite(m.value)}
    if len(found) < 2 or next(iter(found.values())).better == "neither":
        return ()
    sign = -1 if next(iter(found.values())).better == "higher" else 1
    leader, *others = sorted(found, key=lambda name: sign * found[name].value)
    if found[leader].low is None:
        return ()
    return (leader, *(name for name in others if _overlap(found[leader], found[name])))


def _overlap(first: Measure, second: Measure) -> bool:
    if first.low is None or first.high is None or second.low is None or second.high is None:
        return True
    return first.low <= second.high and second.low <= first.high


def _parts(run: MeasuredRun) -> Iterator[_Part]:
    known = {}
    for record in (*run.records, *run.others):
        ids = getattr(record, "sample_ids", None)
        told = getattr(record, "provenance", None)
        if ids and isinstance(told, Provenance):
            digest = sha256("\n".join(sorted(map(str, ids))).encode()).hexdigest()
            known.setdefault(_split_of(told), digest)
    for record in run.records:
        told = getattr(record, "provenance", None)
        if isinstance(told, Provenance) and any(True for _ in rows_of(record)):
            data = run.about.get("data", {})
            rule = (*(data.get(name) for name in SPLIT_RULE), told.seed)
            yield _Part(run, record, told, known.get(_split_of(told), ""), rule)


def _split_of(told: Provenance) -> tuple[str, str, str, int]:
    return told.data, told.fingerprint, told.split, told.n


def _table(group: list[_Part], order: list[str]) -> ComparisonTable:
    told = group[0].provenance
    present = {part.run.name for part in group}
    kinds = sorted({p.record.kind for p in group}, key=_place)
    lines = [line for kind in kinds for line in _lines([p for p in group if p.record.kind == kind])]
    return ComparisonTable(
        data=told.data,
        split=told.split,
        posterior=told.posterior,
        n=told.n,
        fingerprint=told.fingerprint,
        runs=tuple(name for name in order if name in present),
        lines=tuple(lines),
    )


def _place(kind: str) -> tuple[int, str]:
    return (KNOWN_FIRST.index(kind) if kind in KNOWN_FIRST else len(KNOWN_FIRST), kind)


def _lines(parts: list[_Part]) -> Iterator[ComparisonLine]:
    """Lines of one topic, in the order in which the first run that has them tells them."""
    gathered: dict[tuple[str, str, str], _Gathering] = {}
    beside: list[tuple[Row, str, Measure, str]] = []  # baseline, run, measure, condition
    topics = _topics(parts)
    for part, conditions in zip(parts, _conditions(parts), strict=True):
        for row, is_baseline in rows_of(part.record):
            where = "" if row.name in _own_names(part) and row.name not in topics else row.name
            for measure in row.measures:
                condition = conditions[measure.name in OF_ONE_LIKELIHOOD]
                if is_baseline:
                    beside.append((row, part.run.name, measure, condition))
                else:
                    line = gathered.setdefault((where, measure.name, condition), _Gathering())
                    line.measures[part.run.name] = measure
            for missing in () if is_baseline else row.undefined:
                line = gathered.setdefault((where, missing.name, ""), _Gathering())
                line.undefined[part.run.name] = missing.why
    for baseline, run, measure, condition in beside:
        # its own row, or the model's, or else every row that has the measure
        own = gathered.get((baseline.beside, measure.name, condition))
        rows = [line for (_, *key), line in gathered.items() if key == [measure.name, condition]]
        for line in [own] if own is not None else [] if baseline.beside else rows:
            line.held.append((baseline.name, run, measure))
    named = _baseline_names(parts)
    for (row, name, condition), line in gathered.items():
        yield _line((parts[0].record.kind, row, name, condition), line, named)


def _line(
    key: tuple[str, str, str, str], line: _Gathering, named: dict[tuple[str, str], str]
) -> ComparisonLine:
    topic, row, name, condition = key
    first = next(iter(line.measures.values()), Measure(name=name, value=0.0))
    return ComparisonLine(
        topic=topic,
        row=row,
        name=name,
        unit=first.unit,
        better=first.better,
        condition=condition,
        measures=line.measures,
        undefined=line.undefined,
        baselines=tuple(_baselines(line, named)),
        best=told_apart(line.measures),
    )


def _conditions(parts: list[_Part]) -> list[tuple[str, str]]:
    """Under what each record's numbers compare: in general, and where likelihoods are summed.

    In general that is the net whose features were measured in, if the record names one. Where all
    records agree there is nothing to say.
    """
    found = [(_features(part.record), _likelihood(part)) for part in parts]
    varies = [len(set(column)) > 1 for column in zip(*found, strict=True)]
    return [
        (features if varies[0] else "", likelihood if varies[1] else "")
        for features, likelihood in found
    ]


def _features(record: Record) -> str:
    """Every word on the feature net: another layer or other weights give other numbers."""
    features = getattr(record, "features", None)
    if not isinstance(features, Record):
        return ""
    return ", ".join(str(value) for _, value in features if value)


def _likelihood(part: _Part) -> str:
    told = getattr(part.record, "likelihood", None)
    if isinstance(told, str):
        return told
    model = part.run.about.get("model", {})
    scale = model.get("likelihood_scale")
    return f"{model.get('likelihood', '')}, scale {scale}"


def _own_names(part: _Part) -> tuple[str, ...]:
    return ("", part.run.name, part.provenance.model)


def _topics(parts: list[_Part]) -> set[str]:
    """Names of rows that no model gave them; a run may be called like one."""
    return {
        row.name
        for part in parts
        for row, is_baseline in rows_of(part.record)
        if not is_baseline and row.name not in _own_names(part)
    }


def _baselines(line: _Gathering, named: dict[tuple[str, str], str]) -> Iterator[Reference]:
    """Each different baseline once, those of one name beside each other."""
    by_name: dict[str, list[tuple[str, Measure]]] = {}
    for baseline, run, measure in line.held:
        if isfinite(measure.value):
            by_name.setdefault(baseline, []).append((run, measure))
    for baseline, found in by_name.items():
        alike = len({f"{measure.value:.4g}" for _, measure in found}) == 1
        first: dict[str, Measure] = {}
        for run, measure in found:
            first.setdefault(baseline if alike else named[baseline, run], measure)
        for words, m in first.items():
            yield Reference(value=m.value, low=m.low, high=m.high, words=words)


def _baseline_names(parts: list[_Part]) -> dict[tuple[str, str], str]:
    """(baseline, run) to what it is called: its own name, and what tells several of it apart.

    PCA and JPEG spend as much as the latent does, so runs of several latent sizes have several.
    One that stands beside several rows is called after what tells it apart at any of them.
    """
    found: dict[tuple[str, str], list[tuple[str, int, str]]] = {}
    for part in parts:
        size = prod(part.provenance.latent_shape)
        for row, is_baseline in rows_of(part.record):
            if is_baseline:
                key = row.name, row.beside
                found.setdefault(key, []).append((part.run.name, size, _digits(row)))
    names: dict[tuple[str, str], str] = {}
    for (baseline, _), several in found.items():
        same = len({digits for _, _, digits in several}) == 1
        by_size = len({(size, digits) for _, size, digits in several}) == len(
            {size for _, size, _ in several}
        )
        for run, size, _ in several:
            added = "" if same else f", {size:,} numbers" if by_size else f" of {run}"
            if added or (baseline, run) not in names:
                names[baseline, run] = f"{baseline}{added}"
    return names


def _digits(row: Row) -> str:
    return " ".join(f"{m.name}={m.value:.4g}" for m in row.measures)


def _kept_apart(groups: Iterable[list[_Part]]) -> Iterator[str]:
    """Why runs on what is called the same images do not share a table."""
    told: dict[tuple[str, str], list[_Part]] = {}
    for group in groups:
        first = group[0]
        for other in told.get((first.provenance.data, first.provenance.split), []):
            if (why := _why_apart(other, first)) is not None:
                yield (f"{other.run.name} and {first.run.name} are not in one table for "
                       f"{first.provenance.data}, {first.provenance.split}: {why}.")  # fmt: skip
        told.setdefault((first.provenance.data, first.provenance.split), []).append(first)


def _why_apart(first: _Part, second: _Part) -> str | None:
    """What keeps two records of one data and split apart; None where that is no surprise."""
    one, two = first.provenance, second.provenance
    if first.run is second.run:
        return None
    if one.fingerprint != two.fingerprint:
        return "their images differ under the same name"
    if one.posterior != two.posterior:
        return "one decodes the posterior mean and the other a sample"
    if one.n != two.n:
        return f"one is of {one.n:,} images and the other of {two.n:,}"
    if first.images and second.images:
        return ("their splits hold different images, as another seed or fraction draws them where "
                "data has no split of its own")  # fmt: skip
    return "it is not known that their splits hold the same images"

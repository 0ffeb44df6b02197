"""Trajectories of several runs that were measured alike: what goes with what, and who is truer."""

from collections.abc import Callable, Iterator

from latentscape.records import Journeys, MeasuredRun, Row, TrajectoriesRecord, TruthOrder
from latentscape.trajectories.across import across_models
from latentscape.trajectories.near_truth import truth_order


def relations(opened: dict[str, MeasuredRun], *, seed: int) -> Iterator[Row]:
    """A row a way and criterion that several runs were measured by in the same manner."""
    for criterion, records in _alike(opened, _manner):
        method = next(iter(records.values())).method
        yield across_models(f"{criterion}, {method}", _between(records, criterion), seed=seed)


def nearness(opened: dict[str, MeasuredRun], *, seed: int) -> Iterator[TruthOrder]:
    """An order of the runs by nearness to the truth, for each way and criterion that has one."""
    for criterion, records in _alike(opened, _route):
        told = [record.provenance for record in records.values()]
        common = {
            "model": f"{len(told)} models",
            "recipe": ", ".join(dict.fromkeys(p.recipe for p in told)),
            "latent_shape": told[0].latent_shape
            if len({p.latent_shape for p in told}) == 1
            else (),
        }
        order = truth_order(
            criterion, _between(records, criterion), method=next(iter(records.values())).method,
            about=told[0].model_copy(update=common), seed=seed,
        )  # fmt: skip
        if order is not None:
            yield order


def _alike(
    opened: dict[str, MeasuredRun], manner: Callable[[TrajectoriesRecord], tuple[str, ...]]
) -> Iterator[tuple[str, dict[str, TrajectoriesRecord]]]:
    """Each criterion with the records, two or more, that have it and were made in one manner."""
    alike: dict[tuple[str, ...], dict[str, TrajectoriesRecord]] = {}
    for name, run in opened.items():
        for record in run.records:
            if isinstance(record, TrajectoriesRecord):
                alike.setdefault(manner(record), {}).setdefault(name, record)
    for records in alike.values():
        for criterion in dict.fromkeys(j.criterion for r in records.values() for j in r.journeys):
            found = {
                name: record
                for name, record in records.items()
                if any(journeys.criterion == criterion for journeys in record.journeys)
            }
            if len(found) > 1:
                yield criterion, found


def _between(records: dict[str, TrajectoriesRecord], criterion: str) -> dict[str, Journeys]:
    return {
        name: next(j for j in record.journeys if j.criterion == criterion)
        for name, record in records.items()
    }


def _route(record: TrajectoriesRecord) -> tuple[str, ...]:
    """Between which images and how; style, and the net that reads it, aside."""
    told = record.provenance
    return told.data, told.fingerprint, told.split, record.method, str(record.n_steps)


def _manner(record: TrajectoriesRecord) -> tuple[str, ...]:
    seen = record.features
    return (*_route(record), record.preset, seen.net, seen.weights)

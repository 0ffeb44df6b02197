"""All scores of some latents against known factors, with what each is held against."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from latentscape.errors import UndefinedError
from latentscape.metrics.catalogue import measured, row_of
from latentscape.metrics.disentanglement.factors import Factor, Known
from latentscape.metrics.disentanglement.importance import MOST_BOOSTED, MOST_SPLIT, dci
from latentscape.metrics.disentanglement.information import (
    information,
    information_gaps,
    modularity,
)
from latentscape.metrics.disentanglement.sap import MOST_CLASSIFIED, sap_scores
from latentscape.metrics.disentanglement.trials import Score, Scores, Trials, Tried
from latentscape.metrics.disentanglement.votes import beta_vae_score, factor_vae_score
from latentscape.records import Measure, Row

MOST_SAMPLES = 10_000
FEWEST = 100
ROTATED = "the same latents, turned at random"


class Findings(NamedTuple):
    """What `disentanglement` finds.

    Attributes:
        row: The scores of the latents, each with interval and chance.
        rotated: The same scores of the latents turned at random: a model that owes nothing to its
            axes has as much.
        by_factor: A row a factor: its own gaps, completeness and informativeness.
        information: ``d K`` nats.
        entropies: (K,) nats.
        importance: ``d K`` of DCI; ``0 0`` where that is not defined.
        importance_by: ``boosting`` or ``linear``; empty where that is not defined.
    """

    row: Row
    rotated: Row
    by_factor: tuple[Row, ...]
    information: np.ndarray
    entropies: np.ndarray
    importance: np.ndarray
    importance_by: str


def disentanglement(known: Known, *, name: str, trials: Trials) -> Findings:
    """Every score that the latents and factors define; of the others, why not.

    Args:
        known: Latents and factors.
        name: Of the row, the model's.
        trials: How often each score is taken.
    """
    makers = _makers(known, trials)
    tried: dict[str, Tried] = {}
    row = row_of(name, {what: _making(make, tried) for what, make in makers.items()})
    turned = tuple(
        measured(what, t.rotated, n=row[what].n, interval=t.rotated_interval)
        for what, t in tried.items()
    )
    rotated = Row(
        name=ROTATED,
        measures=turned,
        note="mean over random rotations, which a prior N(0, I) cannot tell from the latents",
    )
    details = _details(known, trials)
    return details._replace(row=row, rotated=rotated)


def label_gap(known: Known, *, name: str, trials: Trials) -> Findings:
    """The gap of information about the labels: what there is to say where no factors are known.

    Not a MIG: a class is no factor of variation, and a good code of classes spends several
    latents on them.

    Args:
        known: Latents, and the labels as their one factor.
        name: Of the row, the model's.
        trials: How often the gap is taken.
    """
    tried: dict[str, Tried] = {}
    makers = {"label_mi_gap": _of(_gap("label_mi_gap"), known, trials, MOST_SAMPLES)}
    row = row_of(name, {what: _making(make, tried) for what, make in makers.items()})
    found, entropies = _informed(known, trials)
    empty = np.zeros((0, 0))
    return Findings(row, Row(name=ROTATED, measures=()), (), found, entropies, empty, "")


Made = Callable[[], dict[str, tuple[Tried, int, str]]]


def _makers(known: Known, trials: Trials) -> dict[str, Made]:
    size = known.latents.shape[1]
    by = "gradient boosting" if size <= MOST_BOOSTED else "linear (lasso, L1 SVM)"
    asleep = int((~known.voting).sum())
    silent = f"{asleep} of {size} latents are collapsed and left out" if asleep else ""
    return {
        "mig": _of(_gap("mig"), known, trials, MOST_SAMPLES),
        "dci": _of(_dci, known, trials, MOST_SPLIT, note=f"importances: {by}"),
        "sap": _of(_sap, known, trials, MOST_CLASSIFIED),
        "modularity": _of(_modularity, known, trials, MOST_SAMPLES, note=silent),
        "factor_vae_score": _of(
            lambda known, seed: {"factor_vae_score": factor_vae_score(known, seed=seed)},
            known, trials, MOST_SAMPLES, note=silent,
        ),
        "beta_vae_score": _of(
            lambda known, seed: {"beta_vae_score": beta_vae_score(known, seed=seed)},
            known, trials, MOST_SAMPLES, note=silent,
        ),
    }  # fmt: skip


def _of(score: Score, known: Known, trials: Trials, most: int, *, note: str = "") -> Made:
    def made() -> dict[str, tuple[Tried, int, str]]:
        _require(known)
        tried = trials.of(score, known, most=most)
        return {name: (one, min(len(known), most), note) for name, one in tried.items()}

    return made


def _making(make: Made, tried: dict[str, Tried]) -> Callable[[], Iterable[Measure]]:
    def measures() -> Iterable[Measure]:
        for name, (one, n, note) in make().items():
            tried[name] = one
            yield measured(
                name, one.value, n=n, interval=one.interval, note=note, reference=one.chance
            )

    return measures


def _require(known: Known) -> None:
    """What no score can do without."""
    if len(known) < FEWEST:
        raise UndefinedError(
            f"{len(known)} images are too few to count 20 bins of each latent by",
            f"measure at least {FEWEST}, e.g. with --split all",
        )
    if not known.factors:
        raise UndefinedError("no factor has more than one value", "know more of the images")
    if not known.latents.std(0).any():
        raise UndefinedError(
            "every latent is constant", "`latentscape measure collapse` says what may help"
        )


def _gap(name: str) -> Score:
    def score(known: Known, seed: int) -> Scores:
        return {name: float(information_gaps(*_matrix(known)).mean())}

    return score


def _modularity(known: Known, seed: int) -> Scores:
    return {"modularity": modularity(_matrix(known)[0][known.voting])}


def _dci(known: Known, seed: int) -> Scores:
    found = dci(known, seed=seed)
    return {
        "dci_disentanglement": found.disentanglement,
        "dci_completeness": float(found.completeness.mean()),
        "dci_informativeness": float(found.informativeness.mean()),
    }


def _sap(known: Known, seed: int) -> Scores:
    return {"sap": float(_ahead(sap_scores(known, seed=seed)).mean())}


def _ahead(scores: np.ndarray) -> np.ndarray:
    ordered = np.sort(scores, axis=0)
    return ordered[-1] - ordered[-2]


def _matrix(known: Known) -> tuple[np.ndarray, np.ndarray]:
    return information(known.latents, [factor.codes for factor in known.factors])


def _informed(known: Known, trials: Trials) -> tuple[np.ndarray, np.ndarray]:
    if not len(known) or not known.factors:
        return np.zeros((known.latents.shape[1], 0)), np.zeros(0)
    return _matrix(known.take(trials.chosen(len(known), MOST_SAMPLES)))


def _details(known: Known, trials: Trials) -> Findings:
    """Matrices, and each factor's part in the scores; as at the first taking."""
    found, entropies = _informed(known, trials)
    importance, by = np.zeros((0, 0)), ""
    columns: dict[str, np.ndarray] = {}
    parts = {"mig": MOST_SAMPLES, "dci": MOST_SPLIT, "sap": MOST_CLASSIFIED}
    for part, most in parts.items():
        taken = known.take(trials.chosen(len(known), most))
        if len(taken.factors) < len(known.factors):
            continue
        try:
            _require(taken)
            if part == "mig":
                columns["mig"] = information_gaps(found, entropies)
            elif part == "sap":
                columns["sap"] = _ahead(sap_scores(taken, seed=trials.seed))
            else:
                scores = dci(taken, seed=trials.seed)
                columns["dci_completeness"] = scores.completeness
                columns["dci_informativeness"] = scores.informativeness
                importance, by = scores.importance, scores.by
        except UndefinedError:  # its row says so
            continue
    rows = tuple(
        _factor_row(factor, {name: float(c[k]) for name, c in columns.items()}, len(known))
        for k, factor in enumerate(known.factors)
    )
    nothing = Row(name="", measures=())
    return Findings(nothing, nothing, rows, found, entropies, importance, by)


def _factor_row(factor: Factor, values: dict[str, float], n: int) -> Row:
    measures = tuple(measured(name, value, n=n) for name, value in values.items())
    return Row(name=factor.name, measures=measures, note=f"{factor.kind}: {factor.note}")

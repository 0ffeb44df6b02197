"""Which classes lie on top of each other: Gaussian overlap and strange neighbours, pair by pair."""

from dataclasses import dataclass

import numpy as np

from latentscape.errors import UndefinedError
from latentscape.metrics.catalogue import measured
from latentscape.metrics.interval import LEVEL, bootstrap_intervals, centred_interval
from latentscape.metrics.labelled import Labelled
from latentscape.metrics.voting import Voters, shares_of
from latentscape.records import Measure, Reference, Row, Undefined
from latentscape.records.classes import OverlappingPair

MOST_PAIRS = 8
N_CELLS = 200
N_RESAMPLES = 200
N_MIXED = 10
MOST_BINS, LEAST_BINS = 40, 12
SHRUNK_BELOW = 5  # samples a dimension
SINGULAR = 1e-12  # λ under this share of the largest is rounding


@dataclass(frozen=True)
class Gaussian:
    """A Gaussian fitted to a class.

    Attributes:
        mean: (a,).
        covariance: (a, a), shrunk towards a sphere by `shrinkage`.
        shrinkage: 0 to 1.
    """

    mean: np.ndarray
    covariance: np.ndarray
    shrinkage: float


def gaussian_of(rows: np.ndarray) -> Gaussian:
    """The Gaussian of (n, a) rows; with under 5 samples a dimension, Ledoit and Wolf's shrinkage.

    Raises:
        UndefinedError: If there are fewer than two rows, or no spread along some axis.

    Reference:
        Ledoit and Wolf 2004, A well-conditioned estimator for large-dimensional covariance
        matrices, eq. 14.
    """
    n, n_axes = rows.shape
    if n < 2:
        raise UndefinedError("one sample has no covariance", "measure more images")
    mean = rows.mean(0)
    shrinkage = 0.0
    if n < SHRUNK_BELOW * n_axes:
        from sklearn.covariance import ledoit_wolf_shrinkage

        shrinkage = float(ledoit_wolf_shrinkage(rows))
    covariance = _shrunk(np.cov(rows, rowvar=False, bias=True).reshape(n_axes, n_axes), shrinkage)
    if not _spreads(covariance):
        raise UndefinedError(
            f"its {n:,} samples do not spread along every axis", "look at the map of the latents"
        )
    return Gaussian(mean, covariance, shrinkage)


def bhattacharyya(first: Gaussian, second: Gaussian) -> float:
    """e^(−D_B) of two Gaussians: 1 where they are the same, towards 0 as they part.

    Reference:
        Kailath 1967, The divergence and Bhattacharyya distance measures in signal selection,
        eq. 61: D_B = ⅛ Δᵀ Σ̄⁻¹ Δ + ½ ln(det Σ̄ / √(det Σ₁ det Σ₂)), Σ̄ the mean of both.
    """
    moments = [(g.mean[None], g.covariance[None]) for g in (first, second)]
    return float(_coefficients(*moments[0], *moments[1])[0])


def bhattacharyya_matrix(
    labelled: Labelled,
) -> tuple[np.ndarray, list[Undefined]]:
    """(c, c) coefficients, 1 on the diagonal and NaN where a class has no Gaussian; and why."""
    n_classes = len(labelled.names)
    varying = _varying(labelled.axes)
    gaussians: dict[int, Gaussian] = {}
    undefined = []
    for i, name in enumerate(labelled.names):
        try:
            gaussians[i] = gaussian_of(labelled.axes[labelled.labels == i][:, varying])
        except UndefinedError as error:
            undefined.append(Undefined(name=f"bhattacharyya of {name}", why=error.message))
    matrix = np.full((n_classes, n_classes), np.nan)
    for i, first in gaussians.items():
        matrix[i, i] = 1.0
        for j, second in gaussians.items():
            if j > i:
                matrix[i, j] = matrix[j, i] = bhattacharyya(first, second)
    return matrix, undefined


def overlapping_pairs(
    labelled: Labelled,
    voters: Voters | None,
    *,
    matrix: np.ndarray,
    confusion: np.ndarray,
    seed: int,
) -> tuple[OverlappingPair, ...]:
    """The eight pairs whose samples neighbour each other most, by the mean of both directions.

    Without a neighbour graph, those of the largest Bhattacharyya coefficient.
    """
    rank = (confusion + confusion.T) / 2 if confusion.size else matrix
    rows, columns = np.triu_indices(len(labelled.names), 1)
    order = np.argsort(-np.nan_to_num(rank[rows, columns], nan=-1.0), kind="stable")
    chosen = [
        (int(rows[p]), int(columns[p])) for p in order[:MOST_PAIRS] if rank[rows[p], columns[p]] > 0
    ]
    return tuple(_pair(labelled, voters, pair, matrix, seed=seed) for pair in chosen)


def overlap_sentence(pairs: tuple[OverlappingPair, ...], names: tuple[str, ...]) -> str:
    """The worst pair in words; nothing where classes do not overlap at all."""
    if not pairs:
        return ""
    pair = pairs[0]
    found = {measure.name: measure.value for measure in pair.row.measures}
    first, second = names[pair.first], names[pair.second]
    told = []
    if "bhattacharyya" in found:
        told.append(f"Bhattacharyya {found['bhattacharyya']:.2f}")
    if "knn_confusion" in found:
        there, back = found["knn_confusion"], found["knn_confusion_back"]
        told.append(
            f"{100 * there:.2g} % of the neighbours of {first} are {second}, {100 * back:.2g} % "
            f"of those of {second} are {first}"
        )
    return f"Most overlapping classes: {first} and {second} ({'; '.join(told)})."


def _pair(
    labelled: Labelled,
    voters: Voters | None,
    pair: tuple[int, int],
    matrix: np.ndarray,
    *,
    seed: int,
) -> OverlappingPair:
    first, second = pair
    measures: list[Measure] = []
    if np.isfinite(matrix[first, second]):
        measures.append(_bhattacharyya_measure(labelled, pair, matrix[first, second], seed=seed))
    if voters is not None:
        for name, (of, among) in {
            "knn_confusion": (second, first), "knn_confusion_back": (first, second),
        }.items():  # fmt: skip
            measures += _confusion_measure(labelled, voters, name, of=of, among=among, seed=seed)
    edges, shares = discriminant(labelled, pair, seed=seed)
    name = " / ".join(labelled.names[i] for i in pair)
    row = Row(name=name, measures=tuple(measures))
    return OverlappingPair(first=first, second=second, row=row, edges=edges, shares=shares)


def _confusion_measure(
    labelled: Labelled, voters: Voters, name: str, *, of: int, among: int, seed: int
) -> list[Measure]:
    values = shares_of(labelled, voters, of=of, among=among)
    if not np.isfinite(values).any():
        return []
    own = labelled.labels == among
    groups = None if labelled.groups is None else labelled.groups[own]
    chance = float(labelled.sizes[of] / (len(labelled) - 1))
    measure = measured(
        name,
        float(np.nanmean(values)),
        n=int(np.isfinite(values).sum()),
        interval=bootstrap_intervals({name: values}, seed=seed, groups=groups).get(name),
        note=f"up to {len(voters.places)} neighbours a sample",
        reference=Reference(
            value=chance, words=f"chance: share of {labelled.names[of]} among the other samples"
        ),
    )
    return [measure]


def _bhattacharyya_measure(
    labelled: Labelled, pair: tuple[int, int], value: float, *, seed: int
) -> Measure:
    rng = np.random.default_rng(seed)
    varying = _varying(labelled.axes)
    rows = [labelled.axes[labelled.labels == i][:, varying] for i in pair]
    shrinkages = [gaussian_of(part).shrinkage for part in rows]
    groups = [
        None if labelled.groups is None else labelled.groups[labelled.labels == i] for i in pair
    ]
    drawn = [
        _resampled_moments(part, shrinkage, group, rng)
        for part, shrinkage, group in zip(rows, shrinkages, groups, strict=True)
    ]
    # The mean of two covariances that spread along every axis does so too.
    kept = _spreads(drawn[0][1]) & _spreads(drawn[1][1])
    resampled = np.full(N_RESAMPLES, np.nan)
    resampled[kept] = _coefficients(*(part[kept] for moments in drawn for part in moments))
    what = "samples" if labelled.groups is None else "groups"
    flat = "" if kept.all() else f", {(~kept).sum()} without spread along some axis left out"
    words = (
        f"{100 * LEVEL:g} % bootstrap of {what} inside each class, centred on the value "
        f"({N_RESAMPLES} resamples{flat}, seed {seed})"
    )
    interval = centred_interval(value, resampled, (0, 1), words)
    shrunk = max(shrinkages)
    note = f"Ledoit–Wolf shrinkage up to {shrunk:.2g}" if shrunk else "no shrinkage"
    return measured(
        "bhattacharyya", value, n=sum(map(len, rows)), interval=interval,
        note="; ".join(filter(None, [note, labelled.axes_words])),
        reference=_mixed(rows, rng, seed),
    )  # fmt: skip


def _mixed(rows: list[np.ndarray], rng: np.random.Generator, seed: int) -> Reference | None:
    """The coefficient of two classes of these sizes that overlap wholly."""
    both, n_first = np.concatenate(rows), len(rows[0])
    values = []
    for _ in range(N_MIXED):
        order = rng.permutation(len(both))
        try:
            halves = gaussian_of(both[order[:n_first]]), gaussian_of(both[order[n_first:]])
        except UndefinedError:
            continue
        values.append(bhattacharyya(*halves))
    if not values:
        return None
    return Reference(
        value=float(np.mean(values)), low=min(values), high=max(values),
        words=f"labels of the two permuted {len(values)} times (seed {seed}), lowest to highest",
    )  # fmt: skip


def _resampled_moments(
    rows: np.ndarray, shrinkage: float, groups: np.ndarray | None, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """(r, a) means and (r, a, a) shrunk covariances of bootstrap draws of at most 200 cells.

    Samples (or groups) are dealt to cells at random and cells are drawn, so that a draw costs a
    sum over cells and not over samples.
    """
    n, n_axes = rows.shape
    unit = np.arange(n) if groups is None else np.unique(groups, return_inverse=True)[1].ravel()
    n_units = int(unit.max()) + 1
    n_cells = min(N_CELLS, n_units)
    cell = rng.permutation(np.arange(n_units) % n_cells)[unit]
    centre = rows.mean(0)
    rows = rows - centre  # moments about the class's own mean lose no digits
    sizes = np.bincount(cell, minlength=n_cells).astype(np.float64)
    order, ends = np.argsort(cell, kind="stable"), np.cumsum(sizes).astype(int)
    parts = np.split(rows[order], ends[:-1])
    sums = np.stack([part.sum(0) for part in parts])
    weights = rng.multinomial(n_cells, np.full(n_cells, 1 / n_cells), size=N_RESAMPLES)
    total = weights @ sizes
    means = weights @ sums / total[:, None]
    squares = np.zeros((N_RESAMPLES, n_axes * n_axes))
    step = max(1, (1 << 22) // n_axes**2)
    for start in range(0, n_cells, step):
        here = slice(start, start + step)
        products = np.stack([part.T @ part for part in parts[here]]).reshape(-1, n_axes * n_axes)
        squares += weights[:, here] @ products
    covariances = squares.reshape(-1, n_axes, n_axes) / total[:, None, None]
    covariances -= means[:, :, None] * means[:, None]
    return means + centre, _shrunk(covariances, shrinkage)


def discriminant(
    labelled: Labelled, pair: tuple[int, int], *, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Both classes on the axis Σ̄⁻¹(m₂ − m₁), fitted to a random half of each, drawn of the other.

    Returns:
        (bins + 1,) edges in standard deviations inside classes, 0 midway between the classes and
        the first class on the left, and (2, bins) shares; empty where there is no such axis.
    """
    rng = np.random.default_rng(seed)
    varying = _varying(labelled.axes)
    fitted, drawn = [], []
    for i in pair:
        rows = labelled.axes[labelled.labels == i][:, varying]
        order = rng.permutation(len(rows))
        fitted.append(rows[order[: (len(rows) + 1) // 2]])
        drawn.append(rows[order[(len(rows) + 1) // 2 :]])
    nothing = np.zeros(0), np.zeros((2, 0))
    if min(map(len, drawn)) < 1:
        return nothing
    try:
        first, second = (gaussian_of(part) for part in fitted)
    except UndefinedError:
        return nothing
    within = (first.covariance + second.covariance) / 2
    axis = np.linalg.solve(within, second.mean - first.mean)
    scale = np.sqrt(axis @ within @ axis)
    if scale == 0:
        return nothing
    middle = (first.mean + second.mean) / 2
    places = [(part - middle) @ axis / scale for part in drawn]
    low, high = np.quantile(np.concatenate(places), [0.002, 0.998])
    rule = round(2 * min(map(len, places)) ** (1 / 3))  # Rice's
    n_bins = min(max(rule, LEAST_BINS), MOST_BINS)
    edges = np.linspace(low, max(high, low + 1e-6), n_bins + 1)
    shares = [np.histogram(np.clip(p, low, high), edges)[0] / len(p) for p in places]
    return edges, np.stack(shares)


def _coefficients(
    first_means: np.ndarray,
    first_covariances: np.ndarray,
    second_means: np.ndarray,
    second_covariances: np.ndarray,
) -> np.ndarray:
    """(r,) Bhattacharyya coefficients of r pairs of Gaussians."""
    middle = (first_covariances + second_covariances) / 2
    step = (second_means - first_means)[..., None]
    with np.errstate(invalid="ignore"):
        apart = (step * np.linalg.solve(middle, step)).sum((1, 2)) / 8
        dets = [np.linalg.slogdet(c)[1] for c in (middle, first_covariances, second_covariances)]
        return np.clip(np.exp(-apart - (dets[0] - (dets[1] + dets[2]) / 2) / 2), 0, 1)


def _spreads(covariances: np.ndarray) -> np.ndarray:
    """Whether there is spread along every axis, of each covariance ``... a a``."""
    eigenvalues = np.linalg.eigvalsh(covariances)
    return eigenvalues[..., 0] > SINGULAR * eigenvalues[..., -1]


def _shrunk(covariance: np.ndarray, shrinkage: float) -> np.ndarray:
    n_axes = covariance.shape[-1]
    level = np.trace(covariance, axis1=-2, axis2=-1)[..., None, None] / n_axes
    return (1 - shrinkage) * covariance + shrinkage * level * np.eye(n_axes)


def _varying(axes: np.ndarray) -> np.ndarray:
    """(a,) axes that vary at all; a latent that is constant says nothing of any class."""
    spread = axes.std(0)
    return spread > 1e-7 * spread.max()

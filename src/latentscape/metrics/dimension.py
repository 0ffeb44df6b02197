"""Intrinsic dimension: how many numbers a cloud of latents needs near each of its points."""

import numpy as np

from latentscape.errors import UndefinedError
from latentscape.metrics.catalogue import CATALOGUE, measured, row_of
from latentscape.metrics.interval import Interval, bootstrap_intervals, centred_interval
from latentscape.metrics.neighbours import nearest_neighbours
from latentscape.records import Measure, Neighbours, Reference, Row

SHORTEST, LONGEST = 10, 20  # neighbours of the maximum likelihood estimate
DISCARDED = 0.1
FEWEST = 20
N_ASKED, N_DRAWS = 1_000, 3
N_RESAMPLES = 200
EQUAL = 1e-6  # relative difference of distances that float32 may have rounded apart


def intrinsic_dimension(rows: np.ndarray, graph: Neighbours, *, seed: int = 0) -> Row:
    """TwoNN, by likelihood and by its straight line, and the likelihood over 10 to 20 neighbours.

    Exact duplicates count once. Each estimate is held against the same cloud with every latent
    shuffled on its own, which has the same n, d and single distributions and no dependence.

    Args:
        rows: (n, d) latents.
        graph: Their nearest neighbours; 20 of each serve all three estimates.
        seed: Of shuffles and bootstrap.

    Returns:
        The row; intervals over points, a little narrow as points share neighbours.

    Reference:
        Facco et al. 2017, Estimating the intrinsic dimension by a minimal neighborhood
        information, eqs. 3 and 5; Levina and Bickel 2005, eq. 8, inverses averaged as by MacKay
        and Ghahramani 2005, and here over k too.
    """
    cloud = _Cloud(rows, graph, seed)
    return row_of(
        "intrinsic dimension",
        {
            "twonn": cloud.twonn,
            "twonn_line": cloud.twonn_line,
            "mle_dimension": cloud.likelihood,
        },
        note=f"neighbours by {graph.words}; high dimensions are underestimated at this n, so read "
        "the value beside its null",
    )


def log_ratios(distances: np.ndarray) -> np.ndarray:
    """(n,) ln r₂/r₁ of sorted distances (n, k); their mean is 1/d on a d-dimensional cloud."""
    return np.log(distances[:, 1] / distances[:, 0])


def inverse_dimension(distances: np.ndarray) -> np.ndarray:
    """(n,) 1/d at each point: mean over k = 10..20 of Σ_{j<k} ln(T_k/T_j) / (k − 1)."""
    logs = np.log(distances[:, :LONGEST].astype(np.float64))
    before = np.cumsum(logs, axis=1)
    each = [logs[:, k - 1] - before[:, k - 2] / (k - 1) for k in range(SHORTEST, LONGEST + 1)]
    return np.mean(each, axis=0)


def line_slope(ratios: np.ndarray, counts: np.ndarray | None = None) -> float:
    """Slope through 0 of −ln(1 − F) over ln μ, the largest tenth left out.

    Args:
        ratios: (n,) ln μ in ascending order.
        counts: (n,) how often each was drawn; once if None.
    """
    counts = np.ones(len(ratios)) if counts is None else counts
    share = np.cumsum(counts) / counts.sum()
    kept = share <= 1 - DISCARDED
    x, w = ratios[kept], counts[kept]
    return float((w * x) @ -np.log1p(-share[kept]) / ((w * x) @ x))


class _Cloud:
    """Distances to the neighbours of distinct points, and of shuffled points, when asked for."""

    def __init__(self, rows: np.ndarray, graph: Neighbours, seed: int):
        self.seed, self.n_samples, self.d = seed, len(rows), rows.shape[1]
        if len(graph.distances) and not graph.distances[:, 0].all():
            rows = np.unique(rows, axis=0)
            k = min(graph.k, len(rows) - 1)
            graph = nearest_neighbours(rows, k, seed=seed) if k >= 1 else graph.first(0)
        self.rows = rows
        distances = graph.distances.astype(np.float64)
        self.distances = distances[(distances > 0).all(1)] if graph.k else distances[:0]
        self._shuffled: list[np.ndarray] | None = None

    def twonn(self) -> list[Measure]:
        """d̂ = (n − 1) / Σ ln μ."""
        ratios = log_ratios(self._at_least(2, FEWEST))
        n = len(ratios)
        value = (n - 1) / ratios.sum()
        interval = _inverted(bootstrap_intervals({"": ratios}, seed=self.seed).get(""))
        null = [1 / log_ratios(each).mean() for each in self._null(2)]
        return [self._measure("twonn_dimension", value, interval, null)]

    def twonn_line(self) -> list[Measure]:
        """d̂ = slope of −ln(1 − F) over ln μ."""
        ratios = np.sort(log_ratios(self._at_least(2, FEWEST)))
        n, value = len(ratios), line_slope(ratios)
        rng = np.random.default_rng(self.seed)
        drawn = (np.bincount(rng.integers(0, n, n), minlength=n) for _ in range(N_RESAMPLES))
        resampled = np.array([line_slope(ratios, counts) for counts in drawn])
        words = f"95 % bootstrap over {n:,} points ({N_RESAMPLES} resamples, seed {self.seed})"
        bounds = CATALOGUE["twonn_line_dimension"].bounds
        interval = centred_interval(value, resampled, bounds, f"{words}, centred")
        null = [line_slope(np.sort(log_ratios(each))) for each in self._null(2)]
        return [self._measure("twonn_line_dimension", value, interval, null)]

    def likelihood(self) -> list[Measure]:
        """One over the mean of the inverse dimension at each point."""
        inverses = inverse_dimension(self._at_least(LONGEST, LONGEST + 1))
        interval = _inverted(bootstrap_intervals({"": inverses}, seed=self.seed).get(""))
        null = [1 / inverse_dimension(each).mean() for each in self._null(LONGEST)]
        return [self._measure("mle_dimension", 1 / inverses.mean(), interval, null)]

    def _at_least(self, k: int, n: int) -> np.ndarray:
        """The distances, if there are k neighbours and n points.

        Raises:
            UndefinedError: If there are not, or most of the ratios of distances are 1.
        """
        found, n_distinct = self.distances, len(self.rows)
        left = f"{self.n_samples:,} samples leave {n_distinct:,} distinct points"
        if found.shape[1] < k or len(found) < n:
            raise UndefinedError(
                f"{left} with neighbours apart; at least {max(n, k + 1)} are needed",
                "measure more images",
            )
        if _mostly_tied(found, k):
            raise UndefinedError(
                f"{left}, the {k} nearest of most of them equally far", "the latents lie on a grid"
            )
        return found

    def _null(self, k: int) -> list[np.ndarray]:
        """Distances to the neighbours of some points of clouds with shuffled latents.

        Clouds whose k nearest are mostly tied are left out, as the latents themselves would be.
        """
        if self._shuffled is None:
            rng = np.random.default_rng(self.seed)
            wide = self.distances.shape[1]
            draws = [_asked(rng.permuted(self.rows, axis=0), wide, rng) for _ in range(N_DRAWS)]
            self._shuffled = [each[(each > 0).all(1)] for each in draws]
        enough = (each for each in self._shuffled if len(each) >= FEWEST)
        return [each for each in enough if not _mostly_tied(each, k)]

    def _measure(
        self, name: str, value: float, interval: Interval | None, null: list[float]
    ) -> Measure:
        n, reference = len(self.distances), None
        if null:
            words = f"each latent shuffled, n = {len(self.rows):,}, {len(null)} draws"
            reference = Reference(
                value=float(np.mean(null)), low=min(null), high=max(null), words=words
            )
        n_left = self.n_samples - len(self.rows)
        note = f"of {self.d:,} latents" + (f"; {n_left:,} duplicates left out" if n_left else "")
        return measured(name, value, n=n, interval=interval, note=note, reference=reference)


def _mostly_tied(distances: np.ndarray, k: int) -> bool:
    """Whether the first k neighbours of more than half of the points are equally far."""
    return bool((distances[:, k - 1] <= (1 + EQUAL) * distances[:, 0]).mean() > 0.5)


def _inverted(interval: Interval | None) -> Interval | None:
    if interval is None or interval.low <= 0:
        return None
    return Interval(1 / interval.high, 1 / interval.low, interval.words)


def _asked(rows: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """(q, k) distances from up to 1,000 rows to their nearest among all rows, exact."""
    import faiss

    n, d = rows.shape
    points = np.ascontiguousarray(rows - rows.mean(0, dtype=np.float64), np.float32)
    index = faiss.IndexFlatL2(d)
    index.add(points)  # pyright: ignore[reportCallIssue]
    asked = np.sort(rng.permutation(n)[:N_ASKED])
    found = index.search(points[asked], min(k + 5, n))[1]  # pyright: ignore[reportCallIssue]
    between = points[found].astype(np.float64) - points[asked][:, None]
    reach = np.sqrt(np.square(between).sum(2))
    reach[found == asked[:, None]] = np.inf
    return np.sort(reach, axis=1)[:, :k]

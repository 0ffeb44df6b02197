"""PaCMAP: neighbours close, mid-near pairs for the large layout, far pairs apart. The default."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from latentscape.projection.neighbour_map import NeighbourMap
from latentscape.projection.projector import quietly
from latentscape.records import Neighbours

CANDIDATES = 50  # neighbours beyond those kept, among which the nearest by scaled distance are
FEW = 200
WIDE = 100  # numbers a latent, above which PCA comes first


class PaCMAP(NeighbourMap):
    """The quickest of the neighbour maps (10,000 latents in under three seconds).

    More than 100 numbers a latent are first brought to 100 by PCA, as the method prescribes;
    neighbours are those of the whole latents. Under 200 latents the library finds its own.

    Args:
        seed: Seed of pairs and layout.
        n_neighbors: Neighbours kept close to each point; fewer where there are few points.

    Reference: Wang, Huang, Rudin & Shaposhnik 2021, algorithm 1.
    """

    name = "pacmap"
    title = "PaCMAP"
    fewest = 10

    def __init__(self, *, seed: int = 0, n_neighbors: int = 10):
        super().__init__(seed=seed)
        self.n_neighbors = n_neighbors

    @property
    def asked(self) -> dict[str, Any]:
        """Neighbours and seed."""
        return {"n_neighbors": self.n_neighbors, "seed": self.seed}

    def neighbours_wanted(self, n: int) -> int:
        """Those kept and the candidates around them."""
        return 0 if n < FEW else min(self.n_neighbors + CANDIDATES, n - 1)

    def _lay_out(self, rows: np.ndarray, graph: Neighbours | None) -> np.ndarray:
        with _alone(), quietly("pacmap", "pacmap.pacmap"):
            library = self._library(rows)
            if graph is not None:
                library.pair_neighbors = _pairs(graph, self.n_neighbors)
            positions = library.fit_transform(rows)
        self._used["n_neighbors"] = int(library.n_neighbors)
        axes = library.tsvd_transformer
        self._kept = {
            "low": np.array(library.xmin, np.float32),
            "high": np.array(library.xmax, np.float32),
            "mean": np.asarray(library.xmean),
            "axes": axes.components_,
            "centre": np.asarray(getattr(axes, "mean_", np.zeros(1))),
        }
        return positions

    def _place_new(self, rows: np.ndarray) -> np.ndarray:
        import faiss

        kept = self._kept
        with _alone(), quietly("pacmap", "pacmap.pacmap"):
            library = self._library(self._rows)
            axes = _Axes(kept["axes"], kept["centre"])
            wide = rows.shape[1] > WIDE and library.apply_pca
            basis = self._rows - kept["mean"]
            if not wide:
                basis = (self._rows - kept["low"]) / kept["high"] - kept["mean"]
            basis = axes.transform(basis) if wide else basis
            # An exact index: the library's own is approximate, and built anew each time.
            index: Any = faiss.IndexFlatL2(basis.shape[1])
            index.add(np.ascontiguousarray(basis, np.float32))
            vars(library).update(
                n_neighbors=self.parameters["n_neighbors"],
                xmin=kept["low"],
                xmax=kept["high"],
                xmean=kept["mean"],
                tsvd_transformer=axes,
                pca_solution=wide,
                embedding_=self._positions,
                tree=index,
            )
            return library.transform(rows)

    def _library(self, rows: np.ndarray) -> Any:
        import pacmap

        library = pacmap.PaCMAP(
            n_components=2, n_neighbors=self.parameters["n_neighbors"], random_state=self.seed
        )
        # PCA to 100 needs as many points; with fewer the rows are used as they are.
        library.apply_pca = len(rows) > WIDE
        return library


class _Axes:
    """A fitted PCA as the library calls it, made again from its numbers."""

    def __init__(self, components: np.ndarray, centre: np.ndarray):
        self.components, self.centre = components, centre

    def transform(self, rows: np.ndarray) -> np.ndarray:
        return ((rows - self.centre) @ self.components.T).astype(np.float32)


def _pairs(graph: Neighbours, k: int) -> np.ndarray:
    """(n·k, 2) each point and its k nearest by d²ᵢⱼ/σᵢσⱼ, σ the mean distance of neighbours 4–6."""
    near = np.maximum(graph.distances[:, 3:6].mean(1), 1e-10)
    scaled = graph.distances**2 / near[:, None] / near[graph.indices]
    order = np.argsort(scaled, axis=1)[:, :k]
    chosen = np.take_along_axis(graph.indices, order, 1)
    return np.column_stack([np.repeat(np.arange(len(chosen)), k), chosen.ravel()]).astype(np.int32)


@contextmanager
def _alone() -> Iterator[None]:
    """Give faiss its threads back: the library takes all but one away, for the whole process."""
    import faiss

    threads = faiss.omp_get_max_threads()
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)

"""UMAP: a layout whose fuzzy neighbour graph resembles that of the latents."""

from typing import Any

import numpy as np

from latentscape.projection.neighbour_map import NeighbourMap
from latentscape.projection.projector import quietly
from latentscape.records import Neighbours

FEW = 50


class UMAP(NeighbourMap):
    """Uniform manifold approximation; its first call compiles for half a minute.

    Further latents are moved about by one random sequence, so that where they land hangs a little
    on which come together.

    Args:
        seed: Seed of graph and layout (which makes it run on one core).
        n_neighbors: Neighbours each point is tied to, itself among them; fewer where there are
            few points.
        min_dist: How closely points may lie on the map.

    Reference: McInnes, Healy & Melville 2018, algorithm 1.
    """

    name = "umap"
    title = "UMAP"
    fewest = 5

    def __init__(self, *, seed: int = 0, n_neighbors: int = 15, min_dist: float = 0.1):
        super().__init__(seed=seed)
        self.n_neighbors = n_neighbors
        self.min_dist = min_dist

    @property
    def asked(self) -> dict[str, Any]:
        """Neighbours, least distance and seed."""
        return {"n_neighbors": self.n_neighbors, "min_dist": self.min_dist, "seed": self.seed}

    def neighbours_wanted(self, n: int) -> int:
        """All but the point itself."""
        return min(self.n_neighbors, n - 1) - 1

    def _lay_out(self, rows: np.ndarray, graph: Neighbours | None) -> np.ndarray:
        assert graph is not None
        self._used["n_neighbors"] = graph.k + 1
        itself = np.arange(len(rows))[:, None]
        indices = np.hstack([itself, graph.indices]).astype(np.int32)
        distances = np.hstack([np.zeros((len(rows), 1), np.float32), graph.distances])
        with quietly():
            library = self._library(
                # The spectral start fails on graphs of a few points.
                init="spectral" if len(rows) >= FEW else "pca",
                precomputed_knn=(indices, distances),
            )
            return library.fit_transform(rows)

    def _place_new(self, rows: np.ndarray) -> np.ndarray:
        with quietly():
            from umap.umap_ import find_ab_params

            library = self._library()
            a, b = find_ab_params(library.spread, self.min_dist)
            vars(library).update(
                _a=a,
                _b=b,
                _raw_data=self._rows,
                embedding_=self._positions,
                _n_neighbors=self.parameters["n_neighbors"],
                _initial_alpha=library.learning_rate,
                _disconnection_distance=np.inf,
                _input_hash=None,
                _small_data=False,
                _sparse_data=False,
                _knn_search_index=_Search(self),
                tqdm_kwds={"disable": True},
            )
            return library.transform(rows)

    def _library(self, **settings: Any) -> Any:
        from umap import UMAP as Library  # noqa: N811 - the library's class has our name

        return Library(
            n_neighbors=self.parameters["n_neighbors"],
            min_dist=self.min_dist,
            random_state=self.seed,
            n_jobs=1,
            **settings,
        )


class _Search:
    """The fitted latents, asked for neighbours as the library asks its own index."""

    _angular_trees = False

    def __init__(self, umap: UMAP):
        self.umap = umap

    def query(self, rows: np.ndarray, k: int, **_: Any) -> tuple[np.ndarray, np.ndarray]:
        indices, distances = self.umap._near(rows, k)
        return indices.astype(np.int32), distances

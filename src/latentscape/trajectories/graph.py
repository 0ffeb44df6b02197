"""Shortest ways through the store's own latents, from neighbour to neighbour."""

from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from latentscape.errors import ShapeError, UndefinedError
from latentscape.trajectories.edges import (
    Edges,
    evenly,
    joined_pairs,
    lengths_of,
    nearest_nodes,
    traced,
)
from latentscape.trajectories.ends import kept_type, require_ends, with_ends
from latentscape.trajectories.surroundings import Surroundings

Seen = Literal["latent", "decoded", "features"]
NEEDED: dict[Seen, tuple[str, ...]] = {
    "latent": ("latents",),
    "decoded": ("latents", "decode"),
    "features": ("latents", "decode", "features"),
}

N_NEIGHBOURS = 10
MOST_NODES, FEWEST_NODES = 10_000, 500
MOST_SEEN_VALUES = 1 << 26
MOST_REACH_VALUES = 1 << 23
CHUNK_VALUES = 1 << 22
BATCH = 256


class Nodes(NamedTuple):
    """The points a way may pass through.

    Attributes:
        points: (nodes, d) flat latents, float32.
        seen: (nodes, s) the same as edges are measured: latents, images or features.
    """

    points: np.ndarray
    seen: np.ndarray


class Graph:
    """Ways along the edges of a graph of nearest neighbours, shortest by Dijkstra's search.

    Nodes are the store's latents, at most 10,000 (fewer of large images), a seeded draw of more.
    Each is joined to its 10 nearest, parts that do not hang together by their shortest gaps, and
    each end to its 10 nearest nodes. An edge is as long as its two ends differ: as latents, as
    decoded images or as features of those. A way goes straight from node to node, its steps
    equally far by the same measure.

    It stays where data are, so it is jagged: a node is a real latent, not a point on a smooth
    curve. Between images as pixels the nearest are those that a dissolve passes through.

    Args:
        surroundings: Latents, and the decoder and feature net where edges need them; the graph
            is built when first travelled.
        seen: ``latent``, ``decoded`` or ``features``.

    Raises:
        UsageError: If what `seen` needs is missing.

    Reference:
        Tenenbaum, de Silva and Langford 2000, Isomap, steps 1 and 2; Chen et al. 2019, Fast
        approximate geodesics for deep generative models, §3 (decoded edges).
    """

    def __init__(self, surroundings: Surroundings, *, seen: Seen = "latent"):
        surroundings.require(*NEEDED[seen], method=f"a graph of {seen} distances")
        self.surroundings, self.seen = surroundings, seen

    def __call__(self, starts: np.ndarray, ends: np.ndarray, *, n_steps: int) -> np.ndarray:
        """``pairs *latent`` twice to ``pairs n_steps *latent``, ends exact; NaN of a broken pair.

        Raises:
            ShapeError: If starts, ends and the store's latents differ in latent shape.
            UsageError: If there are fewer than two steps.
            UndefinedError: If the store has fewer than two finite latents.
        """
        require_ends(starts, ends, n_steps)
        latents = self.surroundings.latents
        assert latents is not None
        if latents.shape[1:] != starts.shape[1:]:
            raise ShapeError(f"ends {starts.shape[1:]}, the store's latents {latents.shape[1:]}")
        found = np.full((len(starts), n_steps, *starts.shape[1:]), np.nan, kept_type(starts, ends))
        n_pairs = max(1, MOST_REACH_VALUES // len(self.nodes.points))
        for begin in range(0, len(starts), n_pairs):
            here = slice(begin, begin + n_pairs)
            found[here] = self._ways(starts[here], ends[here], n_steps)
        return with_ends(found, starts, ends)

    @cached_property
    def nodes(self) -> Nodes:
        """The points of the graph, those whose values are all finite."""
        latents = self.surroundings.latents
        assert latents is not None
        if len(latents) < 2:
            raise UndefinedError(f"{len(latents)} latent makes no graph", "encode more images")
        n_values = max(latents[0].size, self._see(latents[:1]).size)
        most = min(max(MOST_SEEN_VALUES // n_values, FEWEST_NODES), MOST_NODES)
        if len(latents) > most:
            rng = np.random.default_rng(self.surroundings.seed)
            latents = latents[np.sort(rng.choice(len(latents), most, replace=False))]
        points = np.asarray(latents, np.float32).reshape(len(latents), -1)
        seen = points if self.seen == "latent" else self._see(latents)
        whole = np.isfinite(points).all(1) & np.isfinite(seen).all(1)
        if whole.sum() < 2:
            raise UndefinedError(
                f"{whole.sum()} finite latent makes no graph", "measure the model first"
            )
        return Nodes(points[whole], seen[whole])

    @cached_property
    def edges(self) -> Edges:
        """Edges of the graph, both ways, all nodes connected."""
        points, seen = self.nodes
        pairs = joined_pairs(points, min(N_NEIGHBOURS, len(points) - 1), self.surroundings.seed)
        lengths = lengths_of(seen, seen, pairs)
        return Edges(np.concatenate([pairs, pairs[:, ::-1]]), np.tile(lengths, 2))

    def _see(self, latents: np.ndarray) -> np.ndarray:
        """``n *latent`` as edges are measured, (n, s) float32."""
        if self.seen == "latent":
            return np.asarray(latents, np.float32).reshape(len(latents), -1)
        import torch

        decode, features = self.surroundings.decode, self.surroundings.features
        assert decode is not None
        found = []
        with torch.no_grad():
            for begin in range(0, len(latents), BATCH):
                batch = np.ascontiguousarray(latents[begin : begin + BATCH], np.float32)
                images = decode(torch.from_numpy(batch))
                if self.seen == "features":
                    assert features is not None
                    images = features(images)
                found.append(images.flatten(1).float().cpu().numpy())
        return np.concatenate(found)

    def _ways(self, starts: np.ndarray, ends: np.ndarray, n_steps: int) -> np.ndarray:
        """Ways of a few pairs at once."""
        from scipy.sparse.csgraph import dijkstra

        n, n_pairs = len(self.nodes.points), len(starts)
        flat = [part.reshape(n_pairs, -1).astype(np.float64) for part in (starts, ends)]
        seen = [self._see(starts), self._see(ends)]
        ways = np.full((n_pairs, n_steps, flat[0].shape[1]), np.nan)
        whole = np.flatnonzero(np.isfinite(np.concatenate([*flat, *seen], axis=1)).all(1))
        flat, seen = [part[whole] for part in flat], [part[whole] for part in seen]
        if len(whole):
            first = n + np.arange(len(whole))
            last = first + len(whole)
            graph = self._with_ends(flat, seen).matrix(n + 2 * len(whole))
            reach, before = dijkstra(graph, indices=first, return_predecessors=True)
            for pair, row in enumerate(whole):
                way = traced(before[pair], int(last[pair]))
                between = self.nodes.points[way[1:-1]]
                stops = np.concatenate([flat[0][pair, None], between, flat[1][pair, None]])
                ways[row] = evenly(stops, reach[pair, way], n_steps)
        return ways.reshape(n_pairs, n_steps, *starts.shape[1:])

    def _with_ends(self, flat: list[np.ndarray], seen: list[np.ndarray]) -> Edges:
        """The edges, and those to a node more for each start and each end.

        Starts can only be left and ends only be reached, so that no pair's way passes through
        another's ends. An end among the other's nearest is joined to it directly.
        """
        n, n_pairs = len(self.nodes.points), len(flat[0])
        starts, ends = n + np.arange(n_pairs), n + n_pairs + np.arange(n_pairs)
        pairs, lengths, far = [self.edges.pairs], [self.edges.lengths], []
        for own, part, here in zip((starts, ends), flat, seen, strict=True):
            near, reach = nearest_nodes(self.nodes.points, part, min(N_NEIGHBOURS, n))
            rows = np.stack([np.repeat(np.arange(n_pairs), near.shape[1]), near.reshape(-1)], 1)
            lengths.append(lengths_of(here, self.nodes.seen, rows))
            rows[:, 0] = own[rows[:, 0]]
            pairs.append(rows if own is starts else rows[:, ::-1])
            far.append(reach)
        close = np.flatnonzero(np.linalg.norm(flat[0] - flat[1], axis=1) <= np.maximum(*far))
        lengths.append(lengths_of(seen[0], seen[1], np.stack([close, close], 1)))
        pairs.append(np.stack([starts[close], ends[close]], 1))
        return Edges(np.concatenate(pairs), np.concatenate(lengths))

"""Maps beside the libraries under them: seconds, and how faithful each is.

    .venv/bin/python benchmarks/maps.py --n 10000 --only pca pacmap umap tsne --rounds 3

Rounds are interleaved and their order rotates; ratios are taken within a round. Each method is
timed three ways: the library's own call, ours with the search for neighbours in it, and ours when
the neighbours are known already because another map or measure asked before. How to read it:
README.md beside this file.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from latentscape.metrics import faithfulness, nearest_neighbours
from latentscape.projection import projector_named

HERE = Path(__file__).parent
METHODS = ("pca", "pacmap", "umap", "tsne", "isomap", "lle")
GOAL = 1.05
FIRST_LARGE = 4_200  # latents, from which on UMAP searches (and compiles) otherwise
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


def main() -> None:
    """Measure, print a table, and keep every single run as JSON."""
    words = read_words()
    warnings.simplefilter("ignore")
    rows = latents(words.n, words.d)
    clock = CLOCKS[words.clock]
    runs = []
    for method in words.only:
        warm_up(method, words.d)
        for round_number in range(words.rounds):
            runs.append({"method": method, **measure(method, rows, clock, round_number)})
            print(f"{method} round {round_number + 1}/{words.rounds}: {runs[-1]}", file=sys.stderr)
    print(f"\n{words.n:,} × {words.d} latents, {words.rounds} interleaved rounds, {words.clock} "
          f"clock, {machine()}\n")  # fmt: skip
    print_table(words.only, runs)
    words.out.parent.mkdir(parents=True, exist_ok=True)
    told = {"machine": machine(), "n": words.n, "d": words.d, "clock": words.clock, "runs": runs}
    words.out.write_text(json.dumps(told, indent=1) + "\n")
    print(f"every run: {words.out}", file=sys.stderr)


def read_words() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--d", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=METHODS, default=METHODS, metavar="METHOD")
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="cpu on a busy machine")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "maps.json")
    return parser.parse_args()


def latents(n: int, d: int) -> np.ndarray:
    """Ten curved clusters that touch: what a trained encoder's latents look like."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, n)
    inner = rng.normal(size=(n, 6)).astype(np.float32)
    bends = rng.normal(size=(10, 6, d)).astype(np.float32) / 2
    curved = np.einsum("ni,nid->nd", np.tanh(inner), bends[labels])
    return curved + rng.normal(size=(10, d))[labels] + 0.2 * rng.normal(size=(n, d))


def warm_up(method: str, d: int) -> None:
    """Imports and compilation, which neither side is charged for."""
    few = latents(FIRST_LARGE if method == "umap" else 600, d).astype(np.float32)
    library(method)(few)
    projector_named(method)(seed=0).fit_transform(few, neighbours=nearest_neighbours(few, 95))


def measure(
    method: str, rows: np.ndarray, clock: Callable[[], float], round_number: int
) -> dict[str, float]:
    """One round of one method: seconds of each side, and the trust of both maps."""
    rows = np.ascontiguousarray(rows, np.float32)
    sides = [("library", library(method)), ("ours", ours(method, clock))]
    found: dict[str, float] = {}
    for name, lay_out in sides[:: 1 if round_number % 2 else -1]:
        start = clock()
        positions = lay_out(rows)
        found[name] = clock() - start
        trust = faithfulness(rows, np.asarray(positions), seed=0)["trustworthiness"].value
        found[f"{name}_trust"] = trust
        found["search"] = getattr(lay_out, "search", found.get("search", 0.0))
    found["shared"] = found["ours"] - found["search"]
    return found


def ours(method: str, clock: Callable[[], float]) -> Callable[[np.ndarray], np.ndarray]:
    """Our map, its neighbours found as `latentscape project` finds them."""

    def lay_out(rows: np.ndarray) -> np.ndarray:
        projector = projector_named(method)(seed=0)
        wanted = projector.neighbours_wanted(len(rows))
        start = clock()
        known = nearest_neighbours(rows, wanted) if wanted else None
        lay_out.search = clock() - start
        return projector.fit_transform(rows, neighbours=known)

    return lay_out


def library(method: str) -> Callable[[np.ndarray], np.ndarray]:
    """The library's own call, with our settings and a seed."""
    if method == "pca":
        from sklearn.decomposition import PCA

        return PCA(2, random_state=0).fit_transform
    if method == "pacmap":
        import pacmap

        return pacmap.PaCMAP(n_components=2, n_neighbors=10, random_state=0).fit_transform
    if method == "umap":
        from umap import UMAP

        return UMAP(n_neighbors=15, min_dist=0.1, random_state=0, n_jobs=1).fit_transform
    if method == "tsne":
        from openTSNE import TSNE

        return TSNE(perplexity=30, random_state=0, n_jobs=1).fit
    from sklearn.manifold import Isomap, LocallyLinearEmbedding

    if method == "isomap":
        return Isomap(n_neighbors=10).fit_transform
    return LocallyLinearEmbedding(n_neighbors=10, random_state=0).fit_transform


def print_table(methods: list[str], runs: list[dict]) -> None:
    """Medians over rounds; ratios are medians of ratios within a round."""
    print(
        "| | library, s | ours, s | neighbours in it, s | ours ÷ library | with neighbours known "
        "| goal | trust: library, ours |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for method in methods:
        own = [run for run in runs if run["method"] == method]

        def middle(name: str, own: list[dict] = own) -> float:
            return statistics.median(run[name] for run in own)

        whole = statistics.median(run["ours"] / run["library"] for run in own)
        shared = statistics.median(run["shared"] / run["library"] for run in own)
        print(
            f"| {method} | {middle('library'):.3g} | {middle('ours'):.3g} | {middle('search'):.2g} "
            f"| {whole:.2f} | {shared:.2f} | ≤ {GOAL} "
            f"| {middle('library_trust'):.3f}, {middle('ours_trust'):.3f} |"
        )


def machine() -> str:
    """Processor count, threads and system, for the record."""
    threads = os.environ.get("OMP_NUM_THREADS", "default")
    return f"{os.cpu_count()} cores, OMP threads {threads}, {platform.machine()}"


if __name__ == "__main__":
    main()

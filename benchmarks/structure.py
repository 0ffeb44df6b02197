"""Structure of large latent spaces: seconds and peak memory, topic by topic, as Markdown tables.

Three questions: 70,000 × 32 in memory, all topics of `measure structure`; 1,000,000 × 32 streamed
from shards on disk by sums that merge, from 1 shard and from 8; and the verb itself on a store of
that size. Each answer comes from a process of its own, so that memory is its own too.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

N_CLASSES, D, INTRINSIC = 10, 32, 8
N_SHARDS = 8
PEAK_GOAL, SECONDS_GOAL = 2.0, 60.0
T = TypeVar("T")


def main() -> None:
    """Measure and print."""
    words = read_words()
    print(f"{os.cpu_count()} cores, {INTRINSIC}-dimensional classes in {D} latents, seed 0\n")
    in_memory(words.rows)
    with tempfile.TemporaryDirectory() as folder:
        apart(write_store, words.streamed, Path(folder) / "store")
        streamed(words.streamed, Path(folder) / "store")


def in_memory(n: int) -> None:
    """The table of topics."""
    found = apart(topics, n)
    peak = found.pop("peak")
    total = {kind: sum(row[kind] for row in found.values()) for kind in ("wall", "processor")}
    print(f"| {n:,} × {D}, in memory | seconds | processor seconds |\n|---|---|---|")
    for name, row in found.items():
        print(f"| {name} | {row['wall']:.1f} | {row['processor']:.1f} |")
    print(f"| **together** (goal: {SECONDS_GOAL:.0f} s for 70,000) | **{total['wall']:.1f}** | "
          f"**{total['processor']:.1f}** |\n\nPeak memory {peak:.2f} GB.\n")  # fmt: skip


def streamed(n: int, store: Path) -> None:
    """The table of a large store."""
    print(f"| {n:,} × {D}, on disk | seconds | processor seconds | peak GB |\n|---|---|---|---|")
    answers = []
    for n_parts in (1, N_SHARDS):
        row = apart(stream, store, n_parts)
        answers.append(row)
        what = f"sums over {n_parts} part{'s' if n_parts > 1 else ''}, shape and skew from them"
        print(f"| {what} | {row['wall']:.1f} | {row['processor']:.1f} | {row['peak']:.2f} |")
    row = apart(verb, store)
    print(f"| `measure structure STORE`, every topic | {row['wall']:.1f} | "
          f"{row['processor']:.1f} | {row['peak']:.2f} |")  # fmt: skip
    one, many = (np.array(each["values"]) for each in answers)
    gap = np.abs(one - many).max() / np.abs(one).max()
    print(
        f"\nGoal: {PEAK_GOAL:.0f} GB. Largest difference between 1 part and {N_SHARDS}: {gap:.1e}."
    )


def latents(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Classes of few dimensions, each turned its own way: (n, D) float32 and (n,) labels."""
    frame, rng = np.random.default_rng(0), np.random.default_rng(seed)
    centres = 2 * frame.normal(size=(N_CLASSES, D))
    turns = [np.linalg.qr(frame.normal(size=(D, D)))[0][:INTRINSIC] for _ in range(N_CLASSES)]
    labels = rng.integers(0, N_CLASSES, n)
    rows = np.empty((n, D), np.float32)
    for label in range(N_CLASSES):
        here = np.flatnonzero(labels == label)
        within = rng.normal(size=(len(here), INTRINSIC)) @ turns[label]
        rows[here] = centres[label] + within + 0.05 * rng.normal(size=(len(here), D))
    return rows, labels


def topics(n: int) -> dict[str, Any]:
    """Seconds of each topic on n rows."""
    from latentscape.metrics import class_structure, nearest_neighbours
    from latentscape.metrics.covariance import covariance_shape
    from latentscape.metrics.dimension import intrinsic_dimension
    from latentscape.metrics.gaussianity import gaussianity
    from latentscape.metrics.interval import dealt
    from latentscape.metrics.moments import CovarianceSums
    from latentscape.metrics.prior_distance import prior_distance
    from latentscape.metrics.spectrum import cells_for, spectrum_of

    rows, labels = latents(n, 0)
    names = tuple(str(i) for i in range(N_CLASSES))
    cells, words = dealt(n, seed=0, most=cells_for(D))
    found: dict[str, Any] = {}

    def timed(name: str, work: Callable[[], T]) -> T:
        result, found[name] = clocked(work)
        return result

    timed("imports", lambda: __import__("sklearn.cluster") and __import__("scipy.stats"))
    sums = timed(
        "covariance sums",
        lambda: CovarianceSums.of(rows, cells, n_cells=int(cells.max()) + 1),
    )
    timed(
        "covariance shape",
        lambda: covariance_shape(spectrum_of(sums, seed=0, words=words)),
    )
    timed("Gaussianity", lambda: gaussianity(rows, sums, seed=0, words=words))
    timed("distance to the prior", lambda: prior_distance(rows, sums, seed=0, words=words))
    graph = timed("neighbour graph, k = 20", lambda: nearest_neighbours(rows, 20, seed=0))
    timed("intrinsic dimension", lambda: intrinsic_dimension(rows, graph, seed=0))
    timed(
        "classes and clusters",
        lambda: class_structure(rows, labels, names, neighbours=graph, seed=0),
    )
    return found | {"peak": peak()}


def stream(store: Path, n_parts: int) -> dict[str, Any]:
    """Sums of a store's shards, in so many parts that are then merged, and what follows of them."""
    from latentscape.metrics.covariance import covariance_shape
    from latentscape.metrics.interval import dealt
    from latentscape.metrics.moments import CovarianceSums
    from latentscape.metrics.spectrum import cells_for, spectrum_of
    from latentscape.store import Store

    opened = Store.open(store)
    cells, words = dealt(len(opened), seed=0, most=cells_for(D))

    def of(rows: np.ndarray, where: slice) -> CovarianceSums:
        return CovarianceSums.of(rows, cells[where], n_cells=cells_for(D))

    def work() -> list[float]:
        if n_parts == 1:
            sums = of(opened.mean(), slice(None))
        else:
            parts = [of(rows, where) for where, rows in opened.shards()]
            sums = parts[0]
            for part in parts[1:]:
                sums = sums.merge(part)
        row = covariance_shape(spectrum_of(sums, seed=0, words=words))
        whole = sums.total()
        return [m.value for m in row.measures] + [*whole.skew[0], *whole.excess_kurtosis[0]]

    values, told = clocked(work)
    return told | {"values": values, "peak": peak()}


def verb(store: Path) -> dict[str, Any]:
    """The whole verb on a store."""
    from latentscape.workflows.measure.structure import measure_structure

    _, told = clocked(lambda: measure_structure(store, out=store.parent / "record"))
    return told | {"peak": peak()}


def write_store(n: int, folder: Path) -> None:
    """A store of n rows in eight shards."""
    from latentscape.store import Manifest, Samples, StoreWriter

    names = tuple(str(i) for i in range(N_CLASSES))
    size = -(-n // N_SHARDS)
    plan = Manifest(
        model="drawn", model_sha256="0", recipe="vae", seed=0, data="drawn", data_fingerprint="0",
        split="all", resize="none", class_names=names, latent_shape=(D,), n=n, shard_size=size,
        version="0",
    )  # fmt: skip
    writer, labels = StoreWriter(folder, plan), []
    for shard in range(plan.n_shards):
        rows, here = latents(len(range(n)[plan.rows(shard)]), shard)
        writer.write(shard, rows)
        labels.append(here)
    ids = np.arange(n).astype(str)
    writer.finish(Samples(ids, np.concatenate(labels), np.full(n, ""), np.full(n, "all")))


def clocked(work: Callable[[], T]) -> tuple[T, dict[str, float]]:
    """What the work gives, and its seconds by the wall and by the processor."""
    wall, processor = time.perf_counter(), time.process_time()
    result = work()
    return result, {
        "wall": time.perf_counter() - wall, "processor": time.process_time() - processor,
    }  # fmt: skip


def peak() -> float:
    """Most memory this process ever held, GB."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1e6


def apart(work: Callable[..., T], *told: object) -> T:
    """The work's result from a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *told).result()


def read_words() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Structure of large latent spaces.")
    parser.add_argument("--rows", type=int, default=70_000, help="in memory")
    parser.add_argument("--streamed", type=int, default=1_000_000, help="on disk")
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""SSIM against scikit-image, side by side in one run: speed and largest difference.

Rounds are interleaved: each image (or batch) is scored by both, in turn, and the ratio is taken
within the round, as machines are shared and speeds drift. How to read it: README.md beside this
file.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from skimage.metrics import structural_similarity

from latentscape.metrics.similarity import CONVENTIONS, ssim

THEIRS = {
    "ssim_std": {
        "gaussian_weights": True,
        "sigma": 1.5,
        "use_sample_covariance": False,
        "data_range": 1.0,
    },
    "ssim_seed": {"win_size": 7, "data_range": 1.0},
    "ssim_atd": {"win_size": 7, "data_range": 2.0},
}
GOAL, CLOSE = 10.0, 1e-5


@dataclass(frozen=True)
class Case:
    """What is timed: a convention, how many images at once, on how many threads."""

    convention: str
    n_images: int
    n_threads: int


def main() -> None:
    """Measure every case and print one table."""
    words = read_words()
    rng = np.random.default_rng(0)
    x, y = pictures(16, words.side, rng)
    cases = [
        Case(convention, n_images, n_threads)
        for n_threads in words.threads
        for convention in CONVENTIONS
        for n_images in (1, 16)
    ]
    rows = [measure(case, x[: case.n_images], y[: case.n_images], words.rounds) for case in cases]
    print(f"{words.side}×{words.side} RGB, {words.rounds} rounds, times a batch in ms\n")
    print("| convention | images | threads | scikit-image | ours | × (median) | × (best) "
          "| processor time × | largest difference |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|")
    for row in rows:
        print(
            f"| `{row['convention']}` | {row['n_images']} | {row['n_threads']} "
            f"| {row['theirs']:.2f} | {row['ours']:.2f} | {row['ratio']:.1f} | {row['best']:.1f} "
            f"| {row['processor']:.1f} | {row['difference']:.1e} |"
        )
    print(f"\ngoal: {GOAL:g} times, difference under {CLOSE:g}; "
          f"first use of a window: {rows[0]['first']:.1f} s")  # fmt: skip
    words.out.parent.mkdir(parents=True, exist_ok=True)
    words.out.write_text(json.dumps(rows, indent=1) + "\n")


def read_words() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "ssim.json")
    return parser.parse_args()


def pictures(n: int, side: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Smooth colour fields with flat patches, and the same with noise of several strengths."""
    knots = max(2, side // 32)
    coarse = torch.from_numpy(rng.random((n, 3, knots, knots), dtype=np.float32))
    smooth = torch.nn.functional.interpolate(coarse, size=(side, side), mode="bicubic").clamp(0, 1)
    smooth[:, :, side // 4 : side // 2, side // 8 : side // 2] = 0.9
    x = smooth.numpy()
    level = np.linspace(0.005, 0.2, n, dtype=np.float32)[:, None, None, None]
    noise = rng.standard_normal(x.shape, dtype=np.float32)
    return x, np.clip(x + level * noise, 0, 1)


def measure(case: Case, x: np.ndarray, y: np.ndarray, rounds: int) -> dict:
    """All rounds of one case."""
    torch.set_num_threads(case.n_threads)
    pair = torch.from_numpy(x), torch.from_numpy(y)
    rule = THEIRS[case.convention]

    def theirs() -> list[float]:
        return [
            structural_similarity(a, b, channel_axis=0, **rule) for a, b in zip(x, y, strict=True)
        ]

    def ours() -> list[float]:
        return ssim(*pair, convention=case.convention).tolist()

    first = timed(ours)[0]
    exact = [
        structural_similarity(a.astype(float), b.astype(float), channel_axis=0, **rule)
        for a, b in zip(x, y, strict=True)
    ]
    difference = float(np.abs(np.array(ours()) - exact).max())
    theirs()
    turns = [(timed(theirs), timed(ours)) for _ in range(rounds)]
    walls = [[turn[who][0] for turn in turns] for who in (0, 1)]
    spent = [statistics.median(turn[who][1] for turn in turns) for who in (0, 1)]
    return {
        "convention": case.convention,
        "n_images": case.n_images,
        "n_threads": case.n_threads,
        "theirs": 1e3 * statistics.median(walls[0]),
        "ours": 1e3 * statistics.median(walls[1]),
        "ratio": statistics.median(a / b for a, b in zip(*walls, strict=True)),
        "best": min(walls[0]) / min(walls[1]),
        "processor": spent[0] / spent[1],
        "difference": difference,
        "first": first,
    }


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the wall, and of the processor over all threads."""
    wall, spent = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - spent


if __name__ == "__main__":
    main()

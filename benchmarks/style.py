"""Style curves against the plain way, side by side in one run: speed and difference.

The plain way takes trajectories one by one and sends both frames of each step through the net, in
fp32, as style loss is mostly written. Rounds are interleaved and ratios taken within a round. How
to read it: README.md beside this file.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor, nn

from latentscape.nn.style_nets import StyleNet, style_net
from latentscape.trajectories.dissolve import dissolve
from latentscape.trajectories.style import style_curves, style_curves_and_null

GOALS = {"exact": 2.0, "fast": 8.0}
CLOSE = 3e-3


@dataclass(frozen=True)
class Case:
    """What is timed: a net, images of a size, how many trajectories, with their null or not."""

    net: str
    side: int
    n_pairs: int
    null: bool


CASES = (
    Case("random-squeezenet", 28, 16, False),
    Case("random-squeezenet", 28, 16, True),
    Case("random-vgg19", 28, 1, False),
    Case("random-squeezenet", 256, 2, False),
    Case("random-vgg19", 256, 1, False),
)


def main() -> None:
    """Measure every case and print one table."""
    words = read_words()
    rows = []
    print(f"trajectories of 10 frames, {words.rounds} rounds, one draw of weights\n")
    print("| net | images | with null | threads | plain, ms a trajectory | exact × | fast × "
          "| exact × (processor) | fast × (processor) | exact: difference | fast: difference, step "
          "| fast: difference, curve |")  # fmt: skip
    print("|" + "---|" * 12)
    for n_threads in words.threads:
        torch.set_num_threads(n_threads)
        for case in CASES:
            if words.only and not any(word in f"{case.net} {case.side}" for word in words.only):
                continue
            row = measure(case, words.rounds) | {"n_threads": n_threads}
            rows.append(row)
            side, null = f"{row['side']}×{row['side']}", "yes" if row["null"] else "no"
            print(
                f"| `{row['net']}` | {side} | {null} | {n_threads} "
                f"| {row['plain']:.0f} | {row['exact']:.1f} | {row['fast']:.1f} "
                f"| {row['exact_processor']:.1f} | {row['fast_processor']:.1f} "
                f"| {row['exact_difference']:.1e} | {row['fast_step']:.1e} "
                f"| {row['fast_curve']:.1e} |",
                flush=True,
            )
    print(f"\ngoals: exact {GOALS['exact']:g} times, fast {GOALS['fast']:g} times, "
          f"difference under {CLOSE:g}")  # fmt: skip
    words.out.parent.mkdir(parents=True, exist_ok=True)
    words.out.write_text(json.dumps(rows, indent=1) + "\n")


def read_words() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--only", nargs="+", help="words of the net or size")
    out = Path(__file__).parent / "results" / "style.json"
    parser.add_argument("--out", type=Path, default=out)
    return parser.parse_args()


def pictures(case: Case) -> Tensor:
    """Dissolves between smooth fields with a flat patch, ``pairs 10 channels side side``."""
    rng = torch.Generator().manual_seed(0)
    channels = 1 if case.side == 28 else 3
    knots = torch.rand(2 * case.n_pairs, channels, 7, 7, generator=rng)
    smooth = nn.functional.interpolate(knots, (case.side, case.side), mode="bicubic").clamp(0, 1)
    smooth[::2, :, case.side // 4 : case.side // 2, case.side // 8 : case.side // 2] = 0.9
    return dissolve(smooth[: case.n_pairs], smooth[case.n_pairs :], 10)


def measure(case: Case, rounds: int) -> dict:
    """All rounds of one case."""
    net, frames = style_net(case.net, n_draws=1), pictures(case)
    plain_trunk = style_net(case.net, n_draws=1).trunks[0].to(memory_format=torch.contiguous_format)
    null = dissolve(frames[:, 0], frames[:, -1], 10)
    both = [frames, null] if case.null else [frames]

    def plain() -> Tensor:
        return torch.cat([plain_curves(net, plain_trunk, one) for one in both])

    def ours(precision: str) -> Callable[[], Tensor]:
        def call() -> Tensor:
            if case.null:
                found = style_curves_and_null(frames, net, precision=precision)
                return torch.cat([curves.total for curves in found])
            return style_curves(frames, net, precision=precision).total

        return call

    calls = {"plain": plain, "exact": ours("exact"), "fast": ours("fast")}
    answers = {name: call() for name, call in calls.items()}
    turns = [{name: timed(call) for name, call in calls.items()} for _ in range(rounds)]
    fast = answers["fast"] / answers["plain"] - 1
    curves = answers["fast"].sum(1) / answers["plain"].sum(1) - 1
    row = case.__dict__ | {
        "plain": 1e3 * statistics.median(turn["plain"][0] for turn in turns) / case.n_pairs,
        "exact_difference": float((answers["exact"] / answers["plain"] - 1).abs().max()),
        "fast_step": float(fast.abs().median()),
        "fast_curve": float(curves.abs().median()),
        "rounds": turns,
    }
    for name in ("exact", "fast"):
        for clock, end in ((0, ""), (1, "_processor")):
            ratios = [turn["plain"][clock] / turn[name][clock] for turn in turns]
            row[name + end] = statistics.median(ratios)
    return row


@torch.inference_mode()
def plain_curves(net: StyleNet, trunk: nn.Sequential, frames: Tensor) -> Tensor:
    """Gatys' style loss of each step, both its frames through the net, one trajectory at a time."""
    curves = []
    for trajectory in frames:
        steps = pairwise(trajectory)
        curves.append(torch.stack([plain_step(net, trunk, *step) for step in steps]))
    return torch.stack(curves)


def plain_step(net: StyleNet, trunk: nn.Sequential, first: Tensor, second: Tensor) -> Tensor:
    parts = []
    for a, b in zip(plain_grams(net, trunk, first), plain_grams(net, trunk, second), strict=True):
        parts.append((a - b).square().sum() / 4)
    return torch.stack(parts).mean()


def plain_grams(net: StyleNet, trunk: nn.Sequential, image: Tensor) -> list[Tensor]:
    x, grams = net.entered(image[None]).contiguous(), []
    last = max(net.places.values())
    for place, step in enumerate(trunk[: last + 1]):
        x = step(x)
        if place in net.places.values():
            flat = x.flatten(2)[0]
            grams.append(flat @ flat.T / flat.numel())
    return grams


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the wall, and of the processor over all threads."""
    wall, spent = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - spent


if __name__ == "__main__":
    main()

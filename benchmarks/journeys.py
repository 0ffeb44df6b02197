"""Many trajectories in one streamed pass, beside the plain way: speed, memory, difference.

    .venv/bin/python benchmarks/journeys.py --run RUN           # a run with images of its own

The plain way takes pair after pair: decodes its ten frames, mixes its dissolve, sends both frames
of each step of both through the style net in fp32, and judges that one pair. First both travel the
same few pairs in turn; then a process of its own travels all of them. How to read it: README.md
beside this file.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch
from style import plain_curves, timed

GOALS = {"exact": 2.0, "fast": 8.0}
CLOSE, MOST_GB = 3e-3, 2.0
HERE = Path(__file__).parent


def main() -> None:
    """Measure, print, and keep every single run as JSON."""
    words = read_words()
    if words.whole:
        print(json.dumps(whole(words)))
        return
    torch.set_num_threads(words.threads)
    sides = compare(words)
    print(f"{words.n_few} random pairs of {words.run.name}, {words.rounds} rounds, "
          f"{words.threads} threads, {words.net}\n")  # fmt: skip
    print("| | seconds a pair | × (wall) | × (processor) | goal | difference, largest step "
          "| median curve |")  # fmt: skip
    print("|" + "---|" * 7)
    print(f"| plain | {sides['plain']['seconds']:.3f} | 1 | 1 | | | |")
    for name, goal in GOALS.items():
        row = sides[name]
        print(
            f"| {name} | {row['seconds']:.4f} | {row['wall']:.1f} | {row['processor']:.1f} "
            f"| {goal:g} | {row['step']:.1e} | {row['curve']:.1e} |"
        )
    command = [sys.executable, __file__, *sys.argv[1:], "--whole"]
    told = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    print(f"\nall {told['n_pairs']:,} pairs, geometry and tables included: "
          f"{told['seconds']:.0f} s, {told['per_second']:.1f} pairs a second, "
          f"{told['gigabytes']:.2f} GB at most (goal {MOST_GB:g})")  # fmt: skip
    words.out.parent.mkdir(parents=True, exist_ok=True)
    words.out.write_text(json.dumps({"sides": sides, "whole": told}, indent=1) + "\n")


def read_words() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True, help="a trained run")
    parser.add_argument("--net", default="squeezenet", help="style net")
    parser.add_argument("--n-pairs", type=int, default=10_000, help="of the whole pass")
    parser.add_argument("--n-few", type=int, default=48, help="of the comparison")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--whole", action="store_true", help=argparse.SUPPRESS)
    out = HERE / "results" / "journeys.json"
    parser.add_argument("--out", type=Path, default=out)
    return parser.parse_args()


def compare(words: argparse.Namespace) -> dict:
    """The plain way and ours, in both kinds of arithmetic, on the same pairs in turn."""
    from latentscape.nn.style_nets import style_net
    from latentscape.trajectories import choose_pairs
    from latentscape.workflows.measure.travels import TravelConfig, Travels
    from latentscape.workflows.opening import open_subject

    subject = open_subject(words.run, None, "test")
    tours = {
        name: Travels(
            subject, TravelConfig(net=words.net, precision=name), seed=0, progress=None
        )
        for name in GOALS
    }  # fmt: skip
    pairs = choose_pairs("random", tours["exact"].crowd, n_pairs=words.n_few, seed=0)
    net = style_net(words.net, n_draws=1)
    trunk = style_net(words.net, n_draws=1).trunks[0].to(memory_format=torch.contiguous_format)
    ends = subject_ends(tours["exact"], pairs)
    decode = subject.model.autoencoder.decode
    calls = {
        "plain": lambda: plain(net, trunk, decode, ends),
        **{name: lambda tour=tour: tour.of(pairs)[0].curves for name, tour in tours.items()},
    }
    answers = {name: call() for name, call in calls.items()}
    turns = [{name: timed(call) for name, call in calls.items()} for _ in range(words.rounds)]
    found = {}
    for name, curves in answers.items():
        steps = np.abs(curves / answers["plain"] - 1)
        sums = np.abs(curves.sum(1) / answers["plain"].sum(1) - 1)
        found[name] = {
            "seconds": statistics.median(t[name][0] for t in turns) / words.n_few,
            "wall": statistics.median(t["plain"][0] / t[name][0] for t in turns),
            "processor": statistics.median(t["plain"][1] / t[name][1] for t in turns),
            "step": float(steps.max()),
            "median_step": float(np.median(steps)),
            "curve": float(np.median(sums)),
            "rounds": [t[name] for t in turns],
        }
    return found


def subject_ends(tour, pairs) -> np.ndarray:
    """Latents of both ends, ``pairs 2 d``."""
    from latentscape.workflows.interpolate import ends_of

    return ends_of(tour.subject, pairs)


@torch.inference_mode()
def plain(net, trunk, decode, ends: np.ndarray) -> np.ndarray:
    """Pair by pair: frames, dissolve, both style curves, panel, shape of the curve."""
    from latentscape.trajectories.panel import dissolve_panel
    from latentscape.trajectories.patterns import style_patterns
    from latentscape.trajectories.verdict import verdicts

    t = torch.linspace(0, 1, 10)[:, None]
    curves = []
    for first, last in torch.from_numpy(ends).flatten(2).float():
        frames = decode(((1 - t) * first + t * last).view(10, *ends.shape[2:])).clamp(0, 1)
        weight = t.view(-1, 1, 1, 1)
        mixed = (1 - weight) * frames[0] + weight * frames[-1]
        own, null = plain_curves(net, trunk, torch.stack([frames, mixed])).numpy()
        verdicts(dissolve_panel(frames[None]))
        style_patterns(own[None], null[None])
        curves.append(own)
    return np.stack(curves)


def whole(words: argparse.Namespace) -> dict:
    """All pairs by the verb itself, and what this process held at most."""
    from latentscape.workflows.measure.trajectories import TravelConfig, measure_trajectories

    torch.set_num_threads(words.threads)
    config = TravelConfig(pairs=("random",), n_pairs=words.n_pairs, net=words.net)
    start = time.perf_counter()
    record = measure_trajectories(
        words.run, config=config, out=words.out.parent / "journeys-record"
    )
    seconds = time.perf_counter() - start
    status = Path("/proc/self/status").read_text().splitlines()
    held = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    n_pairs = len(record.journeys[0].pairs)
    return {
        "n_pairs": n_pairs,
        "seconds": seconds,
        "per_second": n_pairs / seconds,
        "gigabytes": held / 1e6,
    }


if __name__ == "__main__":
    main()

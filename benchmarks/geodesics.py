"""Geodesics of a trained decoder beside stochman's optimiser: seconds to the same mean energy.

    .venv/bin/python benchmarks/geodesics.py --run RUN          # a run of ours; else one is trained

Both search the same pairs through the same exported decoder, on the same number of points, in a
process of their own, in turn. How to read it: README.md beside this file.
"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
from train import Peer, ask, machine, python_of

import latentscape

HERE = Path(__file__).parent
CURVES = ("spline-5", "discrete-5", "discrete-20")
STOCHMAN = Peer("stochman", "stochman", "geodesics", "stochman_geodesics.py", "stochman")
LIMIT, GOAL = 60.0, 5.0


def main() -> None:
    """Measure, print a table, and keep every single run as JSON."""
    words = read_words()
    python = python_of(STOCHMAN)
    with tempfile.TemporaryDirectory() as folder:
        decoder, pairs, about = prepare(words, Path(folder))
        rounds = [one_round(python, decoder, pairs, words) for _ in range(words.rounds)]
    print(f"\n{words.n_pairs} pairs of {about}, {words.n_nodes} points a curve, {words.rounds} "
          f"rounds on {machine()}\n")  # fmt: skip
    print_tables(rounds)
    words.out.parent.mkdir(parents=True, exist_ok=True)
    told = {"machine": machine(), "about": about, "rounds": rounds}
    words.out.write_text(json.dumps(told, indent=1) + "\n")
    print(f"every run: {words.out}", file=sys.stderr)


def read_words() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, help="a trained run with vector latents")
    parser.add_argument("--data", default="mnist", help="what to train on without --run")
    parser.add_argument("--epochs", type=int, default=5, help="of that training")
    parser.add_argument("--n-pairs", type=int, default=100)
    parser.add_argument("--n-nodes", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0, help="of the choice of pairs")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "geodesics.json")
    return parser.parse_args()


def prepare(words: argparse.Namespace, folder: Path) -> tuple[Path, Path, str]:
    """The decoder as an exported program, pairs of encoded test images, and what they are."""
    import torch

    from latentscape.models import open_model
    from latentscape.training import TrainConfig
    from latentscape.workflows.opening import open_subject

    run = words.run
    if run is None:
        run = folder / "run"
        config = TrainConfig(recipe="vae", latent=16, epochs=words.epochs)
        latentscape.train(words.data, config, out=run)
    subject = open_subject(run, None, "test")
    autoencoder = open_model(run).autoencoder.eval().requires_grad_(False)
    rng = np.random.default_rng(words.seed)
    rows = rng.permutation(subject.rows)[: 2 * words.n_pairs]
    with torch.no_grad():
        means = autoencoder.encode(subject.pixels(rows)).mean.flatten(1)

    class Decoder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.autoencoder = autoencoder

        def forward(self, latents):
            return self.autoencoder.decode(latents)

    batch = torch.export.Dim("batch")
    program = torch.export.export(Decoder(), (means,), dynamic_shapes=({0: batch},))
    torch.export.save(program, folder / "decoder.pt2")
    starts, ends = means.numpy()[: words.n_pairs], means.numpy()[words.n_pairs :]
    np.savez(folder / "pairs.npz", starts=starts, ends=ends)
    about = f"{means.shape[1]}-D latents, {subject.images.shape} images of {subject.stem}"
    return folder / "decoder.pt2", folder / "pairs.npz", about


def one_round(python: Path, decoder: Path, pairs: Path, words: argparse.Namespace) -> dict:
    """Each of stochman's curves, then ours to the energies that those came to, and to its end."""
    nodes = ["--n-nodes", words.n_nodes]
    theirs = {}
    for curve in CURVES:
        script = HERE / "peers" / STOCHMAN.script
        answer = ask([python, script, decoder, pairs, *nodes, "--curve", curve])
        if answer is None:
            sys.exit(1)
        line, trace = answer["trace"][0][1], answer["trace"]
        best = min(energy for _, energy in trace)
        # where it has made half its gain, and where it ends
        answer["targets"] = [(line + best) / 2, best]
        answer["seconds"] = [
            next(at for at, energy in trace if energy <= target) for target in answer["targets"]
        ]
        theirs[curve] = answer
        print(f"{curve}: {answer['seconds']} s to {answer['targets']}", file=sys.stderr)
    targets = [target for answer in theirs.values() for target in answer["targets"]]
    script = HERE / "peers" / "ours_geodesics.py"
    ours = ask([sys.executable, script, decoder, pairs, *nodes, "--targets", *targets])
    if ours is None:
        sys.exit(1)
    print(f"ours: {ours['seconds']:.2f} s to {ours['energy']:.2f}", file=sys.stderr)
    reached = iter(ours["reached"])
    for answer in theirs.values():
        answer["ours"] = [next(reached) for _ in answer["targets"]]
        answer["trace"] = answer["trace"][:: max(1, len(answer["trace"]) // 15)]
    return {"stochman": theirs, "ours": ours}


def print_tables(rounds: list[dict]) -> None:
    """Medians over rounds; ratios are medians of ratios within a round."""
    print(
        "| curve of stochman | where | mean energy | its s | ours, s | × (lowest–highest) | goal |"
    )
    print("|---|---|---|---|---|---|---|")
    for curve in CURVES:
        own = [one["stochman"][curve] for one in rounds]
        for i, where in enumerate(("half its gain", "its end")):
            ratios = [one["seconds"][i] / one["ours"][i]["seconds"] for one in own]
            missed = any(one["ours"][i]["energy"] > one["targets"][i] for one in own)
            print(
                f"| {curve} | {where} | {statistics.median(one['targets'][i] for one in own):.4g} "
                f"| {statistics.median(one['seconds'][i] for one in own):.4g} "
                f"| {statistics.median(one['ours'][i]['seconds'] for one in own):.2f}"
                f"{' (not reached)' if missed else ''} | {statistics.median(ratios):.1f} "
                f"({min(ratios):.1f}–{max(ratios):.1f}) | {f'≥ {GOAL:g}' if i else ''} |"
            )
    ours = [one["ours"] for one in rounds]
    seconds = [one["seconds"] for one in ours]
    one = ours[0]
    print(
        f"\nOurs to its end: {statistics.median(seconds):.2f} s ({min(seconds):.2f}–"
        f"{max(seconds):.2f}; goal ≤ {LIMIT:g}), {one['converged']:.0%} converged in "
        f"{one['n_iterations']:.0f} iterations on average, {one['most_iterations']} at most; mean "
        f"energy {one['energy_of_line']:.4g} → {one['energy']:.4g}, mean length "
        f"{one['length_of_line']:.2f} → {one['length']:.2f}"
    )


if __name__ == "__main__":
    main()

"""Training speed against peers, side by side in one run: `make bench`, or this file with options.

Every peer trains the same network on the same images, in its own process and environment. Rounds
are interleaved and their order rotates, so that what else the machine does hits all alike; medians
and ratios are taken within the run. How to read it: README.md beside this file.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cases import CASES, Case, write_images

HERE = Path(__file__).parent
ENVIRONMENTS = HERE / ".envs"


@dataclass(frozen=True)
class Peer:
    """Someone's way to train: a script in peers/, and the environment that runs it."""

    name: str
    title: str
    case: str
    script: str
    environment: str | None = None


PEERS = (
    Peer("ours", "latentscape", "tutorial", "ours.py"),
    Peer("bare", "latentscape's model in a bare loop", "tutorial", "bare_loop.py"),
    Peer("pythae", "pythae BaseTrainer", "tutorial", "pythae_trainer.py", "pythae"),
    Peer("torch", "PyTorch with a DataLoader", "tutorial", "torch_loop.py"),
    Peer("tensorflow", "TensorFlow tutorial", "tutorial", "tensorflow_loop.py", "tensorflow"),
    Peer("ours64", "latentscape", "rgb64", "ours_vae64.py"),
    Peer("keras", "Keras fit", "rgb64", "keras_vae64.py", "tensorflow"),
)


def main() -> None:
    """Measure, print one table a case, and keep every single run as JSON."""
    words = read_words()
    peers = [peer for peer in PEERS if words.only is None or peer.name in words.only]
    if words.only and len(peers) < len(words.only):
        sys.exit(f"the peers: {', '.join(peer.name for peer in PEERS)}")
    runs: list[dict] = []
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            own = [peer for peer in peers if peer.case == case.name]
            if own:
                runs += measure(case, own, words=words, scratch=Path(folder))
    words.out.parent.mkdir(parents=True, exist_ok=True)
    words.out.write_text(json.dumps({"machine": machine(), "runs": runs}, indent=1) + "\n")
    print(f"every run: {words.out}", file=sys.stderr)


def read_words() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, help="epochs a run (default: the case's own)")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--limit", type=int, help="train on this many images only")
    parser.add_argument("--only", nargs="+", metavar="PEER", help="measure these peers only")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "train.json")
    return parser.parse_args()


def measure(
    case: Case, peers: list[Peer], *, words: argparse.Namespace, scratch: Path
) -> list[dict]:
    """All rounds of one case; prints its table."""
    pythons = {peer.name: python_of(peer) for peer in peers}
    images = scratch / f"{case.name}.npz"
    source = write_images(case, images, limit=words.limit)
    epochs = words.epochs or case.epochs
    runs = []
    for round_number in range(words.rounds):
        shift = round_number % len(peers)
        for peer in peers[shift:] + peers[:shift]:
            command = [
                *(pythons[peer.name], HERE / "peers" / peer.script, images),
                *("--latent-dim", case.latent_dim, "--epochs", epochs, "--seed", round_number),
                *("--batch-size", words.batch_size, "--learning-rate", case.learning_rate),
                *("--scratch", scratch / f"{peer.name}-{round_number}"),
            ]
            answer = ask(command)
            if answer:
                runs.append({"case": case.name, "peer": peer.name, **answer})
                print(
                    f"round {round_number + 1}/{words.rounds} {peer.name}: "
                    f"{answer['images_per_second']:,.0f} images/s",
                    file=sys.stderr,
                )
    print(f"\n### {case.title}\n\n{source}; batch {words.batch_size}, {epochs} epochs, ", end="")
    print(f"{words.rounds} interleaved rounds on {machine()}.\n")
    print_table(case, peers, runs)
    return runs


def python_of(peer: Peer) -> Path:
    """The interpreter that runs a peer; its environment is made on first use."""
    if peer.environment is None:
        return Path(sys.executable)
    folder = ENVIRONMENTS / peer.environment
    python = folder / "bin" / "python"
    finished = folder / "installed"
    if not finished.exists():
        print(f"installing {peer.environment} into {folder} ...", file=sys.stderr)
        # without pip, which a bare Python cannot put there; ours installs into the other
        make = [sys.executable, "-m", "venv", "--without-pip", "--clear", folder]
        subprocess.run(make, check=True)
        install = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
        requirements = HERE / "peers" / f"{peer.environment}.txt"
        subprocess.run([*install, "-r", requirements], check=True)
        finished.touch()
    return python


def ask(command: list) -> dict | None:
    """Run one peer; its answer is the last line it prints. None, with its words, if it failed."""
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, env=quiet
    )
    if done.returncode:
        print(f"{command[1]} failed:\n{done.stderr[-2000:]}", file=sys.stderr)
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


def print_table(case: Case, peers: list[Peer], runs: list[dict]) -> None:
    """Medians over the rounds; the first peer of the case is what the others are held against."""
    columns = {peer.name: [run for run in runs if run["peer"] == peer.name] for peer in peers}
    reference = columns[peers[0].name]
    print(
        "| | images/s | lowest–highest | ours ÷ it | goal | test ELBO, nats | before training, s |"
    )
    print("|---|---|---|---|---|---|---|")
    for peer in peers:
        own = columns[peer.name]
        if not own:
            print(f"| {peer.title} | failed | | | | | |")
            continue
        speeds = [run["images_per_second"] for run in own]
        ratio = ratio_within_rounds(reference, own)
        goal = f"≥ {case.goals[peer.name]}" if peer.name in case.goals else ""
        print(
            f"| {peer.title} ({own[0]['library']}, {own[0]['precision']}) "
            f"| {statistics.median(speeds):,.0f} | {min(speeds):,.0f}–{max(speeds):,.0f} "
            f"| {ratio:.2f} | {goal} | {statistics.median(r['test_elbo'] for r in own):.2f} "
            f"| {statistics.median(r['warm_up_seconds'] for r in own):.1f} |"
        )


def ratio_within_rounds(reference: list[dict], own: list[dict]) -> float:
    """Median over rounds of reference speed over own speed, both of the same round."""
    speed = {run["seed"]: run["images_per_second"] for run in reference}
    pairs = [speed[run["seed"]] / run["images_per_second"] for run in own if run["seed"] in speed]
    return statistics.median(pairs) if pairs else float("nan")


def machine() -> str:
    """Processor count and system, for the record."""
    return f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}"


if __name__ == "__main__":
    main()

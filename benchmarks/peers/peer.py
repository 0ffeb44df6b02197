"""What all peers share: the job each is given, and the one line of JSON each answers with.

A peer is a small script run by its own environment's Python, so this file needs NumPy alone. Peers
import their libraries inside `prepare`, so that the clock sees imports and compilation, and sees
them apart from training.
"""

import argparse
import json
import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

STARTED = time.perf_counter()
WARM_UP_STEPS = 3


@dataclass(frozen=True)
class Job:
    """One training run. Images are float32 ``n channels height width`` in [0, 1]."""

    train: np.ndarray
    test: np.ndarray
    latent_dim: int
    epochs: int
    batch_size: int
    learning_rate: float
    seed: int
    scratch: Path


@dataclass(frozen=True)
class Prepared:
    """A peer that has imported, built and compiled, and has not learned anything yet.

    Attributes:
        train: Runs all epochs; this is what is timed.
        test_elbo: Mean ELBO of the test images, one draw of z each, nats an image.
        about: Versions and precision, for the record.
    """

    train: Callable[[], None]
    test_elbo: Callable[[], float]
    about: dict[str, str]


def main(prepare: Callable[[Job], Prepared]) -> None:
    """Read the job, prepare, train against the clock, evaluate, answer."""
    job = read_job()
    peer = prepare(job)
    ready = time.perf_counter()
    peer.train()
    seconds = time.perf_counter() - ready
    answer = {
        "images_per_second": len(job.train) * job.epochs / seconds,
        "end_to_end_seconds": seconds,
        "warm_up_seconds": ready - STARTED,
        "test_elbo": peer.test_elbo(),
        "epochs": job.epochs,
        "batch_size": job.batch_size,
        "n_train": len(job.train),
        "seed": job.seed,
        "threads": os.environ.get("OMP_NUM_THREADS", "default"),
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        **peer.about,
    }
    print("\n" + json.dumps(answer), flush=True)


def read_job() -> Job:
    """The command line as a job."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path, help="npz with uint8 `train` and `test`")
    parser.add_argument("--latent-dim", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scratch", type=Path, required=True, help="folder to write into")
    words = vars(parser.parse_args())
    with np.load(words.pop("data")) as file:
        train, test = (file[name].astype(np.float32) / 255 for name in ("train", "test"))
    return Job(train=train, test=test, **words)

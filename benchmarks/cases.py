"""The two training jobs that are measured, and the images behind them."""

import gzip
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Case:
    """One network on one set of images; every peer of a case does exactly this work.

    Attributes:
        name: Short name, as on the command line.
        title: What is trained, for the table's head.
        latent_dim: Length of the latent.
        epochs: Epochs a run, unless told otherwise.
        learning_rate: Adam's.
        goals: Peer's name to the ratio that the project aims at.
    """

    name: str
    title: str
    latent_dim: int
    epochs: int
    learning_rate: float
    goals: dict[str, float]


CASES = (
    Case(
        name="tutorial",
        title="`tutorial` network, 28×28×1, latent 2, Bernoulli",
        latent_dim=2,
        epochs=3,
        learning_rate=1e-3,
        goals={"pythae": 4.0, "tensorflow": 1.8, "bare": 0.95},
    ),
    Case(
        name="rgb64",
        title="five stride-2 layers, 64×64×3, latent 128, Gaussian with σ = 1",
        latent_dim=128,
        epochs=1,
        learning_rate=1e-3,
        goals={"keras": 2.0},
    ),
)


def write_images(case: Case, path: Path, *, limit: int | None) -> str:
    """Write the case's npz (uint8 `train` and `test`, ``n channels height width``).

    Returns:
        What the images are, for the record.
    """
    root = os.environ.get("LATENTSCAPE_DATA")
    if root is None:
        source, train, test = "drawn at random", *_drawn(case)
    elif case.name == "tutorial":
        source, train, test = "MNIST, binarised at .5", *_mnist(Path(root) / "mnist")
    else:
        source, train, test = "LPC sprites", *_sprites(Path(root) / "sprites")
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, train=train[:limit], test=test)
    return f"{source}: {len(train[:limit]):,} to train, {len(test):,} to test"


def _mnist(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    def read(name: str) -> np.ndarray:
        with gzip.open(folder / name) as file:
            pixels = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 1, 28, 28)
        return np.where(pixels >= 128, 255, 0).astype(np.uint8)

    return read("train-images-idx3-ubyte.gz"), read("t10k-images-idx3-ubyte.gz")


def _sprites(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    with np.load(folder / "lpc_sprites_walk_64.npz") as file:
        images = next(file[name] for name in file.files if file[name].ndim == 4)
    order = np.random.default_rng(0).permutation(len(images))
    images = images.transpose(0, 3, 1, 2)[order]
    return images[1000:], images[:1000]


def _drawn(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Smooth random blobs: enough to time a loop on, no more."""
    channels, side = (1, 28) if case.name == "tutorial" else (3, 64)
    coarse = np.random.default_rng(0).random((12_000, channels, 4, 4))
    weights = np.abs(np.arange(side)[:, None] / (side - 1) * 3 - np.arange(4)[None])
    weights = np.clip(1 - weights, 0, 1)  # linear interpolation from 4 knots, side × 4
    images = np.einsum("yi,ncij,xj->ncyx", weights, coarse, weights, optimize=True)
    if case.name == "tutorial":
        images = images > 0.55
    images = (images * 255).astype(np.uint8)
    return images[2000:], images[:2000]

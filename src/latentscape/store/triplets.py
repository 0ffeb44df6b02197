"""``latent1.npy latent2.npy latent3.npy`` in a motion triplet's folder: read and written."""

from pathlib import Path

import numpy as np

from latentscape.errors import ShapeError, StoreError
from latentscape.records import replacing
from latentscape.store.writer import mended

NAMES = ("latent1.npy", "latent2.npy", "latent3.npy")


def write_triplet(folder: Path | str, latents: np.ndarray) -> None:
    """Write the latents of first, middle and last frame into their folder.

    Args:
        folder: The triplet's folder; made if it is not there.
        latents: ``3 *latent``, unscaled posterior means; stored as float32.
    """
    folder = Path(folder)
    if latents.ndim < 2 or len(latents) != 3:
        raise ShapeError(f"a motion triplet has three latents, not an array of {latents.shape}")
    with mended(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, latent in zip(NAMES, latents, strict=True):
            with replacing(folder / name) as temporary, temporary.open("wb") as file:
                np.save(file, np.ascontiguousarray(latent, np.float32), allow_pickle=False)


def read_triplet(folder: Path | str) -> np.ndarray:
    """Latents of first, middle and last frame, ``3 *latent`` float32.

    Raises:
        StoreError: If one is missing, damaged, or of another shape than the others.
    """
    folder = Path(folder)
    try:
        latents = [np.load(folder / name, allow_pickle=False) for name in NAMES]
        return np.stack(latents).astype(np.float32)
    except OSError as error:
        raise StoreError(
            f"{folder} does not hold {', '.join(NAMES)}", "encode its three frames first"
        ) from error
    except ValueError as error:
        raise StoreError(
            f"the latents in {folder} are damaged or differ in shape",
            "encode its three frames again",
        ) from error

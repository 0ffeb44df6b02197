"""The named sets of gray images: digits (bundled), MNIST and Fashion-MNIST (IDX files)."""

import gzip
import os
import struct
from pathlib import Path

import numpy as np

from latentscape.data.image_set import ImageSet
from latentscape.data.memory import Loading
from latentscape.errors import DataError
from latentscape.records import UNREADABLE

FASHION = (
    "t-shirt", "trouser", "pullover", "dress", "coat",
    "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip
DIGITS = tuple(str(d) for d in range(10))


def local_folder(name: str) -> Path | None:
    """The folder of a named set under LATENTSCAPE_DATA, or None if there is none."""
    root = os.environ.get("LATENTSCAPE_DATA")
    folder = Path(root, name) if root else None
    return folder if folder is not None and folder.is_dir() else None


def read_digits(_: str, loading: Loading) -> ImageSet:
    """scikit-learn's 1,797 handwritten digits, 8×8; their 17 gray levels spread over 0–255."""
    from sklearn.datasets import load_digits

    values, labels = load_digits(return_X_y=True)
    levels = np.asarray(values).reshape(-1, 1, 8, 8)  # 0 … 16
    return ImageSet(
        name="digits",
        images=np.rint(levels * (255 / 16)).astype(np.uint8),
        sample_ids=np.array([f"digits-{i:04d}" for i in range(len(levels))]),
        labels=np.asarray(labels).astype(np.int64),
        class_names=DIGITS,
    )


def read_mnist(_: str, loading: Loading) -> ImageSet:
    """MNIST: 60,000 + 10,000 handwritten digits, 28×28, with the official test split."""
    return _idx_set("mnist", DIGITS, "ylecun/mnist", loading)


def read_fashion_mnist(_: str, loading: Loading) -> ImageSet:
    """Fashion-MNIST: 60,000 + 10,000 articles of clothing, 28×28, official test split."""
    return _idx_set("fashion-mnist", FASHION, "zalando-datasets/fashion_mnist", loading)


def train_then_test(name: str, n_train: int, n_test: int) -> tuple[np.ndarray, np.ndarray]:
    """Identities and official split of a set that is stored as train, then test."""
    ids = [f"{name}-train-{i:05d}" for i in range(n_train)]
    ids += [f"{name}-test-{i:05d}" for i in range(n_test)]
    return np.array(ids), np.repeat(["train", "test"], [n_train, n_test])


def _idx_set(name: str, classes: tuple[str, ...], hub: str, loading: Loading) -> ImageSet:
    folder = local_folder(name)
    if folder is None:
        from latentscape.data.hub import read_named

        return read_named(name, hub, loading)
    images, labels = [], []
    for part in ("train", "t10k"):
        images.append(read_idx(folder, f"{part}-images-idx3-ubyte"))
        labels.append(read_idx(folder, f"{part}-labels-idx1-ubyte"))
        if images[-1].ndim != 3 or len(images[-1]) != len(labels[-1]):
            raise DataError(
                f"in {folder}, the {part} images and labels do not belong together",
                "fetch the four original files again",
            )
    ids, official = train_then_test(name, len(images[0]), len(images[1]))
    return ImageSet(
        name=name,
        images=np.concatenate(images)[:, None],
        sample_ids=ids,
        labels=np.concatenate(labels).astype(np.int64),
        class_names=classes,
        official=official,
    )


def read_idx(folder: Path, stem: str) -> np.ndarray:
    """An array of unsigned bytes from an IDX file, plain or with ``.gz``.

    Raises:
        DataError: If the file is missing, cut short, or of another format.
    """
    path = next((p for p in (folder / f"{stem}.gz", folder / stem) if p.is_file()), None)
    if path is None:
        raise DataError(f"{folder} has no {stem}.gz", "put the four original IDX files there")
    try:
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if path.suffix == ".gz" else raw
        zero, kind, n_axes = struct.unpack_from(">HBB", raw)
        shape = struct.unpack_from(f">{n_axes}I", raw, 4)
        if (zero, kind) != (0, 8):
            raise ValueError("not an IDX file of bytes")
        return np.frombuffer(raw, np.uint8, offset=4 + 4 * n_axes).reshape(shape)
    except (*UNREADABLE, struct.error) as error:
        raise DataError(
            f"{path} cannot be read: {error}", "it may be cut short: fetch the file again"
        ) from error

"""`cifar10` and `cifar10-gray`: from the python batches, the hub's parquet layout, or an npz.

The folder ``cifar10`` under LATENTSCAPE_DATA is searched for the three layouts in that order; the
first that is there counts, and the rule says which. Gray is `latentscape.data.resize.LUMA`.
"""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np

from latentscape.data.arrays import read_arrays
from latentscape.data.decode import Pictures, decode_all
from latentscape.data.image_set import ImageSet
from latentscape.data.memory import Loading
from latentscape.data.named import local_folder, train_then_test
from latentscape.data.resize import LUMA, recolour
from latentscape.data.split import choose_rows
from latentscape.errors import DataError

CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer",
    "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
HUB = "uoft-cs/cifar10"


def read_cifar10(_: str, loading: Loading) -> ImageSet:
    """CIFAR-10: 50,000 + 10,000 photographs, 32×32 RGB, with the official test split."""
    folder = local_folder("cifar10")
    if folder is None:
        from latentscape.data.hub import read_named

        return replace(read_named("cifar10", HUB, loading), class_names=CLASSES)
    for batches in (folder, folder / "cifar-10-batches-py"):
        if (batches / "data_batch_1").is_file():
            return _from_batches(batches)
    if any(folder.glob("*.parquet")):
        return _from_parquet(folder, loading)
    for file in sorted(folder.glob("*.npz")):
        images = read_arrays(str(file), loading)
        ids = np.array([f"cifar10-{i:05d}" for i in range(len(images))])
        rule = {"stored as": f"npz, {file.name}"}
        return replace(images, name="cifar10", sample_ids=ids, class_names=CLASSES, rule=rule)
    raise DataError(
        f"{folder} holds no CIFAR-10",
        "put data_batch_1 … test_batch, or train-*.parquet and test-*.parquet, or a .npz there",
    )


def read_cifar10_gray(_: str, loading: Loading) -> ImageSet:
    """CIFAR-10 as gray images of one channel."""
    images = read_cifar10("", loading)
    gray = recolour(images.images, "L", limit=loading.memory_limit)
    return replace(images, name="cifar10-gray", images=gray, rule=images.rule | {"gray": LUMA})


class _ArraysOnly(pickle.Unpickler):
    """Opens a pickle that rebuilds NumPy arrays, and nothing that would run other code."""

    ALLOWED = frozenset(
        {("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode")}
        | {(f"numpy.{core}.multiarray", "_reconstruct") for core in ("core", "_core")}
    )

    def find_class(self, module_name: str, global_name: str, /) -> object:
        if (module_name, global_name) not in self.ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module_name}.{global_name}")
        if module_name == "_codecs":
            return super().find_class(module_name, global_name)
        return super().find_class(module_name.replace("numpy.core", "numpy._core"), global_name)


def _from_batches(folder: Path) -> ImageSet:
    pixels, labels, counts = [], [], []
    for name in (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"):
        path = folder / name
        try:
            with path.open("rb") as file:
                batch = _ArraysOnly(file, encoding="bytes").load()
            pixels.append(np.asarray(batch[b"data"], np.uint8).reshape(-1, 3, 32, 32))
            labels.append(np.asarray(batch[b"labels"], np.int64))
        except (
            OSError,
            EOFError,
            KeyError,
            ValueError,
            TypeError,
            pickle.UnpicklingError,
        ) as error:
            raise DataError(
                f"{path} cannot be read as a CIFAR-10 batch: {error}",
                "fetch the python version of CIFAR-10 again",
            ) from error
        counts.append(len(labels[-1]))
    ids, official = train_then_test("cifar10", sum(counts[:-1]), counts[-1])
    return ImageSet(
        name="cifar10",
        images=np.concatenate(pixels),
        sample_ids=ids,
        labels=np.concatenate(labels),
        class_names=CLASSES,
        official=official,
        rule={"stored as": "python batches"},
    )


def _from_parquet(folder: Path, loading: Loading) -> ImageSet:
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = []
    for part in ("train", "test"):
        files = sorted(folder.glob(f"{part}-*.parquet"))
        if not files:
            raise DataError(f"{folder} has no {part}-*.parquet", "put both splits there")
        try:
            tables.append(
                pa.concat_tables(pq.read_table(f, columns=["img", "label"]) for f in files)
            )
        except (OSError, ValueError, KeyError) as error:
            raise DataError(
                f"{files[0]} cannot be read: {error}", "it may be cut short: fetch it again"
            ) from error
    table = pa.concat_tables(tables)
    ids, official = train_then_test("cifar10", len(tables[0]), len(tables[1]))
    config = loading.config
    rows = choose_rows(len(table), limit=config.limit, seed=config.seed, official=official)
    content = table.column("img").take(pa.array(rows)).combine_chunks().field("bytes")
    pictures = Pictures(
        place=str(folder), names=ids[rows].tolist(), open=lambda k: content[k].as_py()
    )
    decoded = decode_all(
        pictures, replace(loading, config=replace(config, colour="RGB", size=None))
    )
    rows = rows[decoded.kept]
    kind = "lossy JPEG" if content[0].as_py()[:2] == b"\xff\xd8" else "lossless"
    return ImageSet(
        name="cifar10",
        images=decoded.images,
        sample_ids=ids[rows],
        labels=table.column("label").to_numpy()[rows].astype(np.int64),
        class_names=CLASSES,
        official=official[rows],
        rule={"stored as": f"parquet, {kind}"},
        skipped=decoded.skipped,
    )

import gzip
import pickle
import struct
import subprocess
import sys
import time
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from latentscape.data import DataConfig, load_images, split_rows
from latentscape.errors import DataError

RNG = np.random.default_rng(0)


def idx(array):
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return head + array.tobytes()


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENTSCAPE_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture
def mnist(root):
    folder = root / "mnist"
    folder.mkdir()
    pixels = RNG.integers(0, 256, (30, 28, 28), np.uint8)
    labels = RNG.integers(0, 10, 30).astype(np.uint8)
    for part, rows in (("train", slice(0, 20)), ("t10k", slice(20, 30))):
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(pixels[rows])))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels[rows])))
    return folder, pixels, labels


def test_digits_are_scikit_learns_in_full_range():
    from sklearn.datasets import load_digits

    images = load_images(DataConfig("digits"))
    assert images.images.shape == (1797, 1, 8, 8)
    values, labels = load_digits(return_X_y=True)
    np.testing.assert_allclose(images.pixels().reshape(1797, 64), values / 16, atol=0.5 / 255)
    np.testing.assert_array_equal(images.labels, labels)
    assert images.images.max() == 255


def test_idx_files_are_read_train_then_test(mnist):
    _, pixels, labels = mnist
    images = load_images(DataConfig("mnist"))
    np.testing.assert_array_equal(images.images[:, 0], pixels)
    np.testing.assert_array_equal(images.labels, labels)
    assert images.sample_ids[0] == "mnist-train-00000"
    assert images.sample_ids[20] == "mnist-test-00000"
    rows = split_rows(images, DataConfig("mnist", val_fraction=0.1))
    np.testing.assert_array_equal(rows["test"], np.arange(20, 30))
    assert len(rows["val"]) == 2


@pytest.mark.parametrize("damage", ["cut", "spoilt", "foreign", "absent", "mixed"])
def test_damaged_idx_files_are_named(mnist, damage):
    path = mnist[0] / "train-images-idx3-ubyte.gz"
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:300])
    elif damage == "spoilt":
        path.write_bytes(path.read_bytes()[:10] + b"\xff" + path.read_bytes()[11:])
    elif damage == "foreign":
        path.write_bytes(gzip.compress(b"\x00\x00\x0d\x01\x00\x00\x00\x00"))
    elif damage == "absent":
        path.unlink()
    else:
        path.write_bytes(gzip.compress(idx(np.zeros((3, 28, 28), np.uint8))))
    with pytest.raises(DataError, match="train"):
        load_images(DataConfig("mnist"))


def small_cifar():
    return RNG.integers(0, 256, (6, 3, 32, 32), np.uint8), np.arange(6)


def test_cifar_from_python_batches(root):
    folder = root / "cifar10" / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    pixels, labels = small_cifar()
    for k, name in enumerate([*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]):
        batch = {b"data": pixels[k : k + 1].reshape(1, -1), b"labels": [int(labels[k])]}
        (folder / name).write_bytes(pickle.dumps(batch, protocol=2))
    images = load_images(DataConfig("cifar10"))
    np.testing.assert_array_equal(images.images, pixels)
    assert images.official.tolist() == ["train"] * 5 + ["test"]
    assert images.class_names[3] == "cat"


def test_a_batch_that_would_run_code_is_refused(root):
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("code was run",))

    folder = root / "cifar10"
    folder.mkdir()
    (folder / "data_batch_1").write_bytes(pickle.dumps({b"data": Bomb()}, protocol=2))
    with pytest.raises(DataError, match="data_batch_1 cannot be read"):
        load_images(DataConfig("cifar10"))


def test_cifar_from_the_hubs_parquet(root):
    import pyarrow as pa
    import pyarrow.parquet as pq

    (root / "cifar10").mkdir()
    pixels, labels = small_cifar()
    cells = []
    for picture in pixels:
        buffer = BytesIO()
        Image.fromarray(picture.transpose(1, 2, 0)).save(buffer, format="PNG")
        cells.append({"bytes": buffer.getvalue(), "path": None})
    for part, rows in (("train", slice(0, 4)), ("test", slice(4, 6))):
        kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
        table = pa.table({"img": pa.array(cells[rows], kind), "label": labels[rows]})
        pq.write_table(table, root / "cifar10" / f"{part}-00000-of-00001.parquet")
    images = load_images(DataConfig("cifar10"))
    np.testing.assert_array_equal(images.images, pixels)
    np.testing.assert_array_equal(images.labels, labels)
    assert images.official.tolist() == ["train"] * 4 + ["test"] * 2
    assert images.rule["stored as"] == "parquet, lossless"
    few = load_images(DataConfig("cifar10", limit=3))
    assert sorted(few.official.tolist()) == ["test", "train", "train"]


def test_gray_cifar_is_the_luma_of_the_colour(root):
    (root / "cifar10").mkdir()
    pixels, labels = small_cifar()
    np.savez(root / "cifar10" / "some.npz", images=pixels.transpose(0, 2, 3, 1), labels=labels)
    images = load_images(DataConfig("cifar10-gray"))
    assert images.name == "cifar10-gray"
    for picture, gray in zip(pixels, images.images, strict=True):
        expected = Image.fromarray(picture.transpose(1, 2, 0)).convert("L")
        np.testing.assert_array_equal(gray[0], np.asarray(expected))
    assert "luma" in images.rule["gray"]


def test_without_files_and_without_the_hub_a_sentence_says_what_to_do():
    code = (
        "from latentscape.data import DataConfig, load_images\n"
        "from latentscape.errors import DataError\n"
        "try:\n    load_images(DataConfig('fashion-mnist'))\n"
        "except DataError as error:\n    print(error.message, '|', error.hint)\n"
    )
    environment = {"PATH": "", "HF_HUB_OFFLINE": "1", "HF_HOME": "/nowhere"}
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    message, hint = result.stdout.split(" | ")
    assert message.startswith("fashion-mnist is not on this machine")
    assert "LATENTSCAPE_DATA" in hint


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_real_sets_load_quickly(data_root, name):
    start = time.process_time()
    images = load_images(DataConfig(name))
    assert time.process_time() - start < 2
    assert images.images.shape == (70000, 1, 28, 28)
    assert (images.official == "test").sum() == 10000
    assert images.is_nearly_binary() == (name == "mnist")
    if name == "mnist":
        assert images.labels[:5].tolist() == [5, 0, 4, 1, 9]
        assert images.pixels(slice(0, 60000)).mean() == pytest.approx(0.1307, abs=1e-4)
    else:
        assert images.class_names[images.labels[0]] == "ankle boot"
        assert images.pixels(slice(0, 60000)).mean() == pytest.approx(0.2860, abs=1e-4)


@pytest.mark.realdata
def test_real_cifar(data_root):
    images = load_images(DataConfig("cifar10", limit=600))
    assert images.shape == (3, 32, 32)
    assert images.rule["stored as"] == "parquet, lossy JPEG"
    assert (images.official == "test").sum() == 100

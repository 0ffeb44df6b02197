"""The hub's reader, on a data set in a folder: the same client, without a network."""

import numpy as np
import pytest
from PIL import Image

from latentscape.data import DataConfig, load_images
from latentscape.errors import DataError


@pytest.fixture
def repository(tmp_path, monkeypatch):
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()
    noise = np.random.default_rng(0).integers(0, 256, (9, 6, 6, 3), np.uint8)
    features = datasets.Features(
        {"image": datasets.Image(), "label": datasets.ClassLabel(names=["cat", "dog"])}
    )
    folder = tmp_path / "toys"
    (folder / "data").mkdir(parents=True)
    for part, rows in (("train", range(6)), ("test", range(6, 9))):
        columns = {
            "image": [Image.fromarray(noise[k]) for k in rows],
            "label": [k % 2 for k in rows],
        }
        made = datasets.Dataset.from_dict(columns, features=features)
        made.to_parquet(str(folder / "data" / f"{part}-00000-of-00001.parquet"))
    return folder, noise


def test_images_labels_and_splits_come_over(repository):
    folder, noise = repository
    images = load_images(DataConfig(f"hf:{folder}"))
    np.testing.assert_array_equal(images.images, noise.transpose(0, 3, 1, 2))
    assert images.class_names == ("cat", "dog")
    assert images.labels.tolist() == [k % 2 for k in range(9)]
    assert images.official.tolist() == ["train"] * 6 + ["test"] * 3
    assert images.sample_ids[6] == "toys-test-00000"


def test_one_split_and_a_limit(repository):
    folder, noise = repository
    images = load_images(DataConfig(f"hf:{folder}:test", limit=2))
    assert images.official is None
    assert len(images) == 2
    rows = [6 + int(name[-1]) for name in images.sample_ids]
    np.testing.assert_array_equal(images.images, noise[rows].transpose(0, 3, 1, 2))


def test_a_set_that_is_not_there_is_a_sentence(tmp_path, repository):
    with pytest.raises(DataError, match="cannot be fetched from the hub") as caught:
        load_images(DataConfig(f"hf:{repository[0]}:absent"))
    assert "folder:PATH" in str(caught.value.hint)

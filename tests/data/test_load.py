import errno
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from latentscape.data import DataConfig, ImageSet, describe, fingerprint, load_images
from latentscape.data.memory import room_for
from latentscape.errors import DataError, UsageError


def test_importing_the_room_is_light():
    heavy = ("torch", "sklearn", "datasets", "pandas", "pyarrow", "matplotlib")
    code = f"import sys, latentscape.data; print([m for m in {heavy} if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("minst", "did you mean mnist?"),
        ("fashion_mnist", "did you mean fashion-mnist?"),
        ("foldr:/x", "did you mean folder:/x?"),
        ("something", "known: digits, sprites"),
        ("nothing:/x", "known: digits, sprites"),
    ],
)
def test_unknown_sources_are_usage_errors_with_the_nearest_name(source, hint):
    with pytest.raises(UsageError, match="is no known data") as caught:
        load_images(DataConfig(source))
    assert hint in str(caught.value.hint)


def test_a_bare_path_is_told_its_prefix(tmp_path):
    with pytest.raises(UsageError) as caught:
        load_images(DataConfig(str(tmp_path)))
    assert caught.value.hint == f"did you mean folder:{tmp_path}?"
    with pytest.raises(UsageError, match="nothing after the colon"):
        load_images(DataConfig("folder:"))


@pytest.mark.parametrize(
    "wish",
    [
        {"size": 0},
        {"size": -3},
        {"resize": "stretch"},
        {"colour": "CMYK"},
        {"limit": 0},
        {"copies": -1},
        {"augment": ("blur",)},
    ],
)
def test_options_out_of_range_are_usage_errors(wish):
    with pytest.raises(UsageError):
        load_images(replace(DataConfig("digits"), **wish))


def test_a_limit_is_a_seeded_choice():
    one, same = (load_images(DataConfig("digits", limit=50)) for _ in range(2))
    other = load_images(DataConfig("digits", limit=50, seed=1))
    assert len(one) == 50
    assert one.fingerprint == same.fingerprint
    assert one.sample_ids.tolist() != other.sample_ids.tolist()


def test_size_colour_and_binarize_apply_to_any_source():
    images = load_images(DataConfig("digits", size=12, colour="RGB", binarize=True, limit=9))
    assert images.shape == (3, 12, 12)
    assert set(np.unique(images.pixels())) == {0.0, 1.0}
    gray = load_images(DataConfig("sprites", colour="L", limit=9))
    assert gray.shape == (1, 64, 64)


def test_the_fingerprint_sees_every_part():
    images = load_images(DataConfig("digits", limit=40))
    assert len(images.fingerprint) == 64
    assert fingerprint(images) == images.fingerprint
    changed = images.images.copy()
    changed[3, 0, 2, 2] ^= 1
    for other in (
        replace(images, images=changed),
        replace(images, labels=images.labels + 1),
        replace(images, sample_ids=images.sample_ids[::-1]),
        replace(images, groups=images.sample_ids),
        replace(images, rule=images.rule | {"size": 9}),
        images.take(np.arange(39)),
    ):
        assert fingerprint(other) != images.fingerprint
    assert fingerprint(replace(images, name="other")) == images.fingerprint


def test_large_sets_are_decoded_into_a_map_that_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENTSCAPE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "photos").mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (20, 10, 10, 3), np.uint8)
    for k, picture in enumerate(noise):
        Image.fromarray(picture).save(tmp_path / "photos" / f"{k:02d}.png")
    config = DataConfig(f"folder:{tmp_path / 'photos'}")
    told = []
    mapped = load_images(config, memory_limit=1000, progress=lambda *at: told.append(at))
    inside = load_images(config)
    assert isinstance(mapped.images, np.memmap)
    assert not isinstance(inside.images, np.memmap)
    np.testing.assert_array_equal(mapped.images, noise.transpose(0, 3, 1, 2))
    assert mapped.fingerprint == inside.fingerprint
    assert told[-1] == (20, 20)
    if os.name == "posix":
        assert not list((tmp_path / "cache").iterdir())


def test_a_disk_too_small_is_a_sentence_and_nothing_is_reserved(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENTSCAPE_CACHE", str(tmp_path))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    monkeypatch.setattr(os, "posix_fallocate", lambda *_: pytest.fail("space was reserved"))
    with pytest.raises(DataError, match="has no room") as caught:
        room_for((100, 3, 8, 8), limit=0)
    assert "LATENTSCAPE_CACHE" in str(caught.value.hint)
    assert not list(tmp_path.iterdir())


def test_a_disk_that_fills_while_space_is_reserved_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setenv("LATENTSCAPE_CACHE", str(tmp_path))
    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(DataError, match="No space left"):
        room_for((100, 3, 8, 8), limit=0)
    assert not list(tmp_path.iterdir())


def test_facts_answer_the_first_questions():
    config = DataConfig("digits")
    images = load_images(config)
    facts = describe(images, config)
    assert facts["images"] == 1797
    assert "3 183" in str(facts["classes"])
    assert facts["split"] == "train 1366, val 72, test 359"
    assert facts["pixel mean, in [0, 1]"] == pytest.approx(float(images.pixels().mean()), abs=1e-6)
    assert facts["pixel standard deviation"] == pytest.approx(
        float(images.pixels().std()), abs=1e-6
    )
    assert all(v is None or isinstance(v, (str, int, float)) for v in facts.values())
    tiny = describe(images.take(np.arange(1)), config)
    assert str(tiny["split"]).startswith("none: too few")


def test_nearly_binary_is_judged_over_the_whole_source():
    """A source sorted by kind: black and white first, gray after."""
    pixels = np.zeros((6000, 1, 2, 2), np.uint8)
    pixels[3000:] = 128
    images = ImageSet("sorted", pixels, np.arange(6000).astype(str), np.zeros(6000, np.int64))
    assert not images.is_nearly_binary()
    assert images.take(np.arange(3000)).is_nearly_binary()

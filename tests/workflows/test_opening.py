"""What a split that cannot be made, or that cuts scenes, does to those who ask for one or none."""

import warnings

import numpy as np
import pytest
from PIL import Image

from latentscape.data import DataConfig, DataWarning
from latentscape.errors import DataError, SplitError
from latentscape.workflows.encode import encode
from latentscape.workflows.measure.reconstruction import measure_reconstruction
from latentscape.workflows.motion.subject import open_motion
from latentscape.workflows.opening import open_subject
from latentscape.workflows.triplet_latents import encode_triplets


def one_shot(folder, n, *, held=False):
    """Numbered frames of a bar that goes right, or stands."""
    folder.mkdir(parents=True)
    for k in range(n):
        frame = np.zeros((16, 16, 3), np.uint8)
        frame[:, slice(2, 6) if held else slice(k, k + 4)] = 255
        Image.fromarray(frame).save(folder / f"frame{k + 1}.png")
    return DataConfig(f"video:{folder}", size=8)


@pytest.fixture
def film(tmp_path):
    return one_shot(tmp_path / "film" / "shot", 8)


@pytest.fixture
def model(make_run, film):
    return make_run("m", latent=4, data=film)


def test_a_film_of_one_shot_is_taken_whole_and_that_is_said(model):
    with pytest.warns(DataWarning, match="too few shots .* shot has 1; it is taken whole") as told:
        subject = open_subject(model, None, "all")
    assert (len(subject.rows), set(subject.splits)) == (8, {"train"})
    assert len(str(told[0].message)) <= 160


@pytest.mark.parametrize(
    "verb",
    [
        lambda model, out: open_motion(model, out=out),
        lambda model, out: encode_triplets(model, npy=out),
        lambda model, out: encode(model, out=out, split="all"),
        lambda model, out: measure_reconstruction(model, split="all"),
    ],
)
def test_verbs_that_need_no_split_take_it_and_say_so_once(model, verb, tmp_path):
    with pytest.warns(DataWarning) as told:
        verb(model, tmp_path / "out")
    assert [str(w.message) for w in told if "taken whole" in str(w.message)] == [
        str(told[0].message)
    ]


def test_a_split_that_cannot_be_had_is_refused_in_words_of_films(model):
    with pytest.raises(SplitError, match="too few shots to set any aside for test") as error:
        open_subject(model, None, "test")
    assert error.value.hint.endswith("three shots or more, or take all of it: --split all")
    with pytest.raises(SplitError) as error:
        open_subject(model, None, "train")  # of those who learn, none has --split
    assert "--split" not in error.value.hint
    assert "fraction" not in error.value.hint


@pytest.mark.parametrize(
    ("n", "held", "has"),
    [(1, False, "0 motion triplets,"), (2, False, "0 motion triplets,"),
     (9, True, r"0 motion triplets \(left out as still: 7\)"), (3, False, "1 motion triplet,")],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:too few shots")
def test_a_film_without_triplets_is_told_so(model, tmp_path, n, held, has):
    data = one_shot(tmp_path / "short" / "shot", n, held=held)
    with pytest.raises(DataError, match=f"shot has {has}") as error:
        open_motion(model, data, out=tmp_path / "out")
    assert "three frames that move" in error.value.hint
    if n != 3:
        with pytest.raises(DataError, match=has.removesuffix(",")):
            encode_triplets(model, data, npy=tmp_path / "npy")


@pytest.fixture
def cut(tmp_path):
    """Triplets of one scene in training and in the test."""
    for place in ("train/a_1", "train/a_2", "val/b_1", "test/a_3"):
        folder = tmp_path / "cut" / place
        folder.mkdir(parents=True)
        for k in (1, 2, 3):
            shade = 20 if "a_" in place else 220
            Image.new("RGB", (8, 8), (shade, 10 * k, 0)).save(folder / f"frame{k}.png")
    return DataConfig(f"triplets:{tmp_path / 'cut'}", size=8)


def test_a_cut_scene_is_spoken_of_where_a_split_is_judged_and_nowhere_else(make_run, cut, tmp_path):
    model = make_run("c", latent=4, data=cut)
    with pytest.warns(DataWarning, match="cuts 1 of 2 scenes"):
        open_subject(model, None, "test")
    with pytest.warns(DataWarning, match="cuts 1 of 2 scenes"):
        open_subject(model, None, "train")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_subject(model, None, "all")
        encode(model, out=tmp_path / "store", split="test")
        encode_triplets(model, npy=tmp_path / "npy")

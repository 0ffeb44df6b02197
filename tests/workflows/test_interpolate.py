from itertools import combinations

import numpy as np
import pytest
import torch

from latentscape.data import DataConfig, load_images, split_rows
from latentscape.errors import ModelError, UsageError
from latentscape.models import Autoencoder, open_model
from latentscape.records import TrajectoryRecord
from latentscape.workflows.interpolate import interpolate
from latentscape.workflows.key_frames import frames_of_keys


def encoded(run, ids) -> np.ndarray:
    images = load_images(DataConfig("digits"))
    place = {name: row for row, name in enumerate(images.sample_ids)}
    rows = np.array([place[name] for name in ids])
    with torch.inference_mode():
        return (
            open_model(run).autoencoder.encode(torch.from_numpy(images.pixels(rows))).mean.numpy()
        )


def test_trajectories_go_from_mean_to_mean_and_are_decoded(ae):
    record = interpolate(ae, pairs="random", n_pairs=3, n_steps=5)
    assert record.latents.shape == (3, 5, 5)
    assert record.frames.shape == (3, 5, 1, 8, 8)
    assert record.frames.dtype == record.originals.dtype == np.uint8
    for pair, (start, end) in enumerate(record.pairs):
        ends = encoded(ae, (start, end))
        np.testing.assert_allclose(record.latents[pair, [0, -1]], ends, atol=1e-5)
        np.testing.assert_allclose(record.latents[pair, 2], ends.mean(0), atol=1e-5)
    with torch.inference_mode():
        middle = open_model(ae).autoencoder.decode(torch.from_numpy(record.latents[:, 2]))
    np.testing.assert_allclose(record.frames[:, 2], (middle * 255).round().numpy(), atol=1)


def test_pairs_are_of_the_split_and_of_the_classes_asked_for(vae):
    images = load_images(DataConfig("digits"))
    of_test = set(images.sample_ids[split_rows(images, DataConfig("digits"))["test"]])
    record = interpolate(vae)
    assert record.criterion == "different-class"
    assert len(record.pairs) == 8
    assert {name for pair in record.pairs for name in pair} <= of_test
    assert all(start != end for start, end in record.pair_labels)
    same = interpolate(vae, pairs="same-class", split="train")
    assert all(start == end != "" for start, end in same.pair_labels)
    assert same.provenance.split == "train"


def test_originals_are_the_images_themselves(vae):
    record = interpolate(vae, n_pairs=2)
    images = load_images(DataConfig("digits"))
    place = {name: row for row, name in enumerate(images.sample_ids)}
    for pair, names in enumerate(record.pairs):
        np.testing.assert_array_equal(
            record.originals[pair], images.images[[place[name] for name in names]]
        )


def test_listed_pairs(vae):
    images = load_images(DataConfig("digits"))
    a, b = images.sample_ids[split_rows(images, DataConfig("digits"))["test"]][[4, 9]]
    record = interpolate(vae, pairs=[f"{a}:{b}"], n_steps=2)
    assert record.pairs == ((a, b),)
    assert record.criterion == "listed"
    with pytest.raises(UsageError, match="no sample 'nobody'"):
        interpolate(vae, pairs=[f"{a}:nobody"])


@pytest.fixture(scope="module")
def some_ids() -> list[str]:
    """Test samples of the digits."""
    images = load_images(DataConfig("digits"))
    rows = split_rows(images, DataConfig("digits"))["test"]
    return [str(name) for name in images.sample_ids[rows][[4, 9, 11, 20]]]


@pytest.mark.parametrize("method", ["catmull-rom", "rbf", "linear", "lol"])
def test_one_way_through_several_samples(vae, method, some_ids):
    keys = some_ids[:3]
    record = interpolate(vae, through=keys, method=method, n_steps=9)
    assert record.criterion == "key-frames"
    assert record.pairs == ((keys[0], keys[2]),)
    assert record.latents.shape == (1, 9, 2)
    wanted = encoded(vae, keys)
    np.testing.assert_allclose(record.latents[0, [0, -1]], wanted[[0, 2]], atol=1e-5)
    away = np.abs(record.latents[0] - wanted[1]).max(1)
    if method != "catmull-rom":  # its keys are not equally far in time
        assert away[4] < 1e-5
        assert record.key_steps == (0, 4, 8)
    evenly = interpolate(vae, through=keys, method=method, n_steps=9, even=True)
    np.testing.assert_allclose(evenly.latents[0, [0, -1]], wanted[[0, 2]], atol=1e-5)
    for found in (record, evenly):
        apart = np.square(found.latents[0] - wanted[1]).sum(1)
        assert found.key_steps == (0, 1 + np.argmin(apart[1:-1]), 8)


def test_a_way_through_samples_is_kept_with_all_of_them_under_a_name_of_its_own(vae, some_ids):
    keys, folder = some_ids[:3], vae / "trajectories"
    record = interpolate(vae, through=keys)
    assert record.through == tuple(keys)
    images = load_images(DataConfig("digits"))
    rows = [int(np.flatnonzero(images.sample_ids == name)[0]) for name in keys]
    np.testing.assert_array_equal(record.key_originals, images.images[rows])
    interpolate(vae, through=keys[::-1])
    interpolate(vae, through=", ".join(keys))  # the same once more
    (one, other) = sorted(folder.glob("digits-test-key-frames-*-linear.json"))
    again = {TrajectoryRecord.load(path.with_suffix("")).through for path in (one, other)}
    assert again == {tuple(keys), tuple(keys[::-1])}
    pairs = interpolate(vae, n_pairs=1)
    assert pairs.through == pairs.key_steps == ()
    assert pairs.key_originals is None


@pytest.mark.parametrize("method", ["hermite", "catmull-rom", "rbf", "linear", "lol", "graph"])
def test_a_key_named_twice_running_is_a_rest(vae, method, some_ids):
    a, b = some_ids[:2]
    for even in (False, True):
        record = interpolate(vae, through=[a, a, b], method=method, n_steps=9, even=even)
        assert np.isfinite(record.latents).all()
        assert record.through == (a, a, b)
        assert record.key_steps[0] == 0 < record.key_steps[1] < record.key_steps[2] == 8
    if method == "lol":  # which throws neighbours outwards
        return
    still = interpolate(vae, through=[a, a], method=method, n_steps=4)
    np.testing.assert_array_equal(still.frames, still.frames[:, :1].repeat(4, 1))


def test_frames_of_keys_are_those_of_every_rising_choice_tried():
    rng = np.random.default_rng(0)
    for n_keys, n_steps in ((2, 2), (3, 3), (3, 8), (5, 9)):
        keys, latents = rng.normal(size=(n_keys, 2, 1)), rng.normal(size=(n_steps, 2, 1))
        keys[-1] = keys[0]  # a way may come by twice

        def cost(steps, keys=keys, latents=latents):
            return np.square(latents[list(steps)] - keys).sum()

        inner = combinations(range(1, n_steps - 1), n_keys - 2)
        best = min(((0, *steps, n_steps - 1) for steps in inner), key=cost)
        assert frames_of_keys(keys, latents) == best


def test_wrong_ways_through_samples(vae, some_ids):
    with pytest.raises(UsageError, match="several samples") as error:
        interpolate(vae, method="rbf")
    assert "--through" in error.value.hint
    with pytest.raises(UsageError, match="goes nowhere"):
        interpolate(vae, through=some_ids[:1])
    with pytest.raises(UsageError, match="no sample 'nobody'"):
        interpolate(vae, through=[some_ids[0], "nobody"])
    with pytest.raises(UsageError, match="3 frames cannot show 4 keys"):
        interpolate(vae, through=some_ids, n_steps=3)
    for nothing in ((), "", ",", [" "]):
        with pytest.raises(UsageError, match="go through is empty") as error:
            interpolate(vae, through=nothing)
        assert "two or more" in error.value.hint
    for words in ({"pairs": "random"}, {"n_pairs": 8}, {"pairs": ["a:b"], "n_pairs": 1}):
        with pytest.raises(UsageError, match="one way through named samples has no") as error:
            interpolate(vae, through=some_ids, **words)
        assert all(word in error.value.message for word in words)
        assert "`through`" in error.value.hint


def test_the_same_seed_takes_the_same_way_and_leaves_it_in_the_run(vae):
    record = interpolate(vae, seed=2)
    loaded = TrajectoryRecord.load(vae / "trajectories" / "digits-test-different-class-linear")
    np.testing.assert_array_equal(loaded.frames, record.frames)
    assert loaded.pairs == record.pairs == interpolate(vae, seed=2).pairs
    assert interpolate(vae, seed=3).pairs != record.pairs


def test_progress_counts_frames(vae):
    heard = []
    interpolate(vae, n_pairs=2, n_steps=3, progress=lambda *told: heard.append(told))
    assert heard == [(3, 6, "frames"), (6, 6, "frames")]


def test_words_that_are_wrong(vae):
    with pytest.raises(UsageError, match="no such word") as caught:
        interpolate(vae, steps=3)  # pyright: ignore[reportCallIssue]
    assert "n_steps" in caught.value.hint
    with pytest.raises(UsageError, match="no interpolator"):
        interpolate(vae, method="slerpp")
    with pytest.raises(UsageError, match="no line"):
        interpolate(vae, n_steps=1)
    assert not (vae / "trajectories").exists()


def test_ways_between_places_at_an_even_pace_with_films(vae, tmp_path):
    record = interpolate(
        vae, pairs="class-difference", n_pairs=3, n_steps=6, even=True, film=("gif", "mp4"),
        out=tmp_path / "ways" / "way",
    )  # fmt: skip
    written = {path.suffix for path in (tmp_path / "ways").iterdir()}
    assert written == {".json", ".npz", ".gif", ".mp4"}
    assert record.method == "linear, even pace"
    assert all(end.startswith("towards") for _, end in record.pair_labels)
    assert all(start and not start.startswith("towards") for start, _ in record.pair_labels)
    np.testing.assert_array_equal(record.originals[:, 1], record.frames[:, -1])
    with pytest.raises(UsageError, match="avi"):
        interpolate(vae, film=("avi",))


def test_ways_that_decode_to_nan_are_left_out_with_a_warning(vae, monkeypatch):
    whole = interpolate(vae, pairs="random", n_pairs=8)
    edge = float(np.median(whole.latents[:, [0, -1], 0].max(1)))
    plain = Autoencoder.decode

    def decode(self, latents):
        images = plain(self, latents)
        return images.masked_fill((latents[:, 0] > edge).view(-1, 1, 1, 1), torch.nan)

    monkeypatch.setattr(Autoencoder, "decode", decode)
    for even in (False, True):
        with pytest.warns(UserWarning, match="4 of 8 ways decode to values that are not finite"):
            record = interpolate(vae, pairs="random", n_pairs=8, even=even)
        kept = [i for i, line in enumerate(whole.latents) if line[[0, -1], 0].max() <= edge]
        assert record.pairs == tuple(whole.pairs[i] for i in kept)
        assert record.pair_labels == tuple(whole.pair_labels[i] for i in kept)
        np.testing.assert_array_equal(record.frames[:, 0], whole.frames[kept, 0])
    edge = -np.inf
    with pytest.raises(ModelError, match="not finite"):
        interpolate(vae, pairs="random", n_pairs=2)


def test_a_record_written_anew_takes_the_old_film_with_it(vae, tmp_path):
    first = interpolate(vae, pairs="random", n_pairs=2, n_steps=3, film=("gif",))
    film = first.saved_at.with_suffix(".gif")
    assert film.exists()
    interpolate(vae, pairs="random", n_pairs=2, n_steps=3, seed=1)
    assert not film.exists()
    (tmp_path / "own.gif").touch()
    interpolate(vae, pairs="random", n_pairs=2, n_steps=3, out=tmp_path / "own")
    assert (tmp_path / "own.gif").exists(), "beside --out it may be anyone's"


def test_from_an_image_to_itself_is_a_film_that_stands_still(vae):
    name = interpolate(vae, n_pairs=1).pairs[0][0]
    record = interpolate(vae, pairs=[f"{name}:{name}", ""], even=True)
    assert len(record.pairs) == 1
    assert (record.frames == record.frames[:, :1]).all()

"""Exhibits with a model: what is decoded, encoded, turned and dropped; and why sometimes not."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from latentscape.data import DataConfig, load_images
from latentscape.errors import DataError, ModelError, UsageError
from latentscape.models import open_model
from latentscape.training.history import write_history
from latentscape.workflows.encode import encode
from latentscape.workflows.explore import open_exhibits
from latentscape.workflows.explore.kept import Kept
from latentscape.workflows.explore.pictures import shrunk
from latentscape.workflows.project import project


@pytest.fixture
def exhibit(vae):
    encode(vae)
    return open_exhibits(vae)["0"]


@pytest.fixture
def wide(ae):
    encode(ae)
    return open_exhibits(ae)["0"]


def test_originals_are_the_images_that_were_encoded(exhibit):
    images = load_images(DataConfig("digits"))
    rows = [5, 0, 5]
    shown = exhibit.images(rows, "original", None)
    assert shown.shape == (3, 8, 8, 1)
    by_id = {sample_id: i for i, sample_id in enumerate(images.sample_ids.tolist())}
    for row, image in zip(rows, shown, strict=True):
        whole = images.images[by_id[str(exhibit.stored.sample_ids[row])]]
        np.testing.assert_array_equal(image, whole.transpose(1, 2, 0))
    assert exhibit.images([], "original", 4).shape == (0, 4, 4, 1)


@pytest.mark.parametrize("kind", ["original", "reconstruction"])
def test_small_pictures_are_made_a_few_at_a_time(exhibit, monkeypatch, kind):
    rows = np.arange(50)
    whole = shrunk(exhibit.images(rows, kind, None), 4)
    monkeypatch.setattr("latentscape.workflows.explore.exhibit.AT_ONCE_BYTES", 7 * 64)
    seen = []

    def watched(images, side):
        seen.append(len(images))
        return shrunk(images, side)

    monkeypatch.setattr("latentscape.workflows.explore.exhibit.shrunk", watched)
    np.testing.assert_array_equal(exhibit.images(rows, kind, 4), whole)
    assert seen == [7] * 7 + [1]


def test_reconstructions_are_the_decoded_means(exhibit, vae):
    rows = [3, 1, 3, 2]
    model = open_model(vae).autoencoder
    with torch.inference_mode():
        wanted = model.decode(torch.from_numpy(exhibit.latents(rows))).numpy()
    first, again = (exhibit.images(rows, "reconstruction", None) for _ in range(2))
    np.testing.assert_allclose(first, wanted.transpose(0, 2, 3, 1) * 255, atol=1.01)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(exhibit.decode(exhibit.latents(rows)), first)
    assert exhibit.images([], "reconstruction", None).shape == (0, 8, 8, 1)


def test_latents_from_outside_are_checked(exhibit):
    for latents in (np.zeros((1, 3)), np.zeros(2), np.array([[np.nan, 0]]), [[np.inf, 1]]):
        with pytest.raises(UsageError):
            exhibit.decode(np.asarray(latents, np.float32))
    with pytest.raises(UsageError):
        exhibit.images([10**9], "original", None)


def test_the_grid_under_a_latent_plane_is_what_is_decoded_there(exhibit):
    name = exhibit.card.maps[0].name
    grid, images = exhibit.manifold(name, 6)
    assert max(grid.columns, grid.rows) == 6
    assert len(images) == grid.columns * grid.rows
    assert grid.y[0] > grid.y[1]
    corner, last = (np.array([[grid.x[i], grid.y[i]]], np.float32) for i in (0, 1))
    np.testing.assert_array_equal(images[0], exhibit.decode(corner)[0])
    np.testing.assert_array_equal(images[-1], exhibit.decode(last)[0])
    for side in (1, 41):
        with pytest.raises(UsageError, match="a grid of"):
            exhibit.manifold(name, side)


def test_the_grid_of_any_map_goes_through_its_lift(wide):
    name = wide.card.maps[0].name
    grid, images = wide.manifold(name, 4)
    latent, _ = wide.lift(name, grid.x[0], grid.y[0])
    np.testing.assert_array_equal(images[0], wide.decode(latent[None])[0])


def test_dials_of_a_variational_model_go_by_rate(exhibit):
    dials, directions, centre = exhibit.dials()
    latents = [dial for dial in dials.dials if dial.family == "latents"]
    means, log_vars = exhibit.stored.latents, exhibit.stored.log_vars(slice(None))
    kl = 0.5 * (means**2 + np.exp(log_vars) - 1 - log_vars).mean(0)
    assert [dial.rate for dial in latents] == pytest.approx(sorted(kl, reverse=True), rel=1e-4)
    assert latents[0].rate_unit == "nat"
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(centre, means.mean(0), atol=1e-5)
    along = (means - centre) @ directions[0]
    wanted = np.quantile(along, (0.01, 0.99))
    np.testing.assert_allclose((dials.dials[0].low, dials.dials[0].high), wanted, atol=1e-4)


def test_axes_are_principal_and_a_class_lies_on_its_side(wide):
    dials, directions, _ = wide.dials()
    means = wide.stored.latents
    by_family = {family: [i for i, dial in enumerate(dials.dials) if dial.family == family]
                 for family in ("latents", "principal axes", "attributes")}  # fmt: skip
    axes = directions[by_family["principal axes"]]
    values = np.linalg.eigvalsh(np.cov(means.T, bias=True))[::-1]
    rates = [dials.dials[i].rate for i in by_family["principal axes"]]
    np.testing.assert_allclose(rates, values[: len(rates)], rtol=1e-3)
    np.testing.assert_allclose(axes @ axes.T, np.eye(len(axes)), atol=1e-4)
    assert dials.dials[0].rate_unit == "variance"
    assert len(by_family["attributes"]) == 10
    for i in by_family["attributes"]:
        code = int(dials.dials[i].name.removeprefix("class"))
        inside = wide.stored.labels == code
        along = means @ directions[i]
        assert along[inside].mean() > along[~inside].mean()


def test_an_own_image_that_is_dropped_lands_on_itself(exhibit):
    image = exhibit.images([9], "original", None)[0]
    told, latent, pixels = exhibit.drop(np.repeat(image, 3, axis=2))
    np.testing.assert_allclose(latent, exhibit.latents([9])[0], atol=1e-4)
    assert told.neighbours[0] == 9
    assert told.distances[0] < 1e-3
    np.testing.assert_array_equal(pixels[0], image)
    np.testing.assert_array_equal(pixels[1], exhibit.images([9], "reconstruction", None)[0])
    numbers = {number.name: number for number in told.numbers}
    assert numbers["rate"].value == pytest.approx(float(exhibit.column("rate")[9]), rel=1e-3)
    assert numbers["rate"].reference.low <= numbers["rate"].reference.value
    assert told.words == ""
    (plane,) = exhibit.card.maps
    np.testing.assert_allclose(told.places[plane.name], latent, atol=1e-5)


def test_a_photograph_is_brought_to_the_models_size_and_colour(exhibit):
    photograph = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)
    told, _, pixels = exhibit.drop(photograph)
    gray = Image.fromarray(photograph).convert("L").crop((15, 0, 105, 90))
    wanted = np.asarray(gray.resize((8, 8), Image.Resampling.BICUBIC)).astype(int)
    # At its sides the filter reaches over what is cropped away.
    assert np.abs(pixels[0, :, 1:-1, 0] - wanted[:, 1:-1]).max() <= 1
    assert told.words == "Brought from 120×90 to 8×8 pixels (crop), turned gray."
    for wrong in (photograph[..., :1], photograph.astype(float), photograph[:0]):
        with pytest.raises(UsageError):
            exhibit.drop(wrong)


def test_small_pictures_are_means_of_what_they_cover():
    images = np.random.default_rng(0).integers(0, 256, (3, 12, 18, 3), np.uint8)
    small = shrunk(images, 6)
    means = images.reshape(3, 4, 3, 6, 3, 3).mean((2, 4))
    assert small.shape == (3, 4, 6, 3)
    assert np.abs(small - means).max() <= 0.5001
    assert shrunk(images, 18) is shrunk(images, None) is images
    assert shrunk(images[..., :1], 1).shape == (3, 1, 1, 1)


def test_what_was_asked_for_longest_ago_goes_first():
    kept = Kept(3 * 8)
    for key in "abc":
        kept.put(key, np.zeros(1))
    assert kept.get("a") is not None
    kept.put("d", np.zeros(1))
    assert [kept.get(key) is None for key in "abcd"] == [False, True, False, False]
    kept.put("large", np.zeros(9))
    assert kept.get("large") is None
    assert kept.get("d") is not None  # and nothing had to go for it


def test_a_damaged_model_leaves_the_map_and_says_why(vae):
    encode(vae)
    (vae / "model.safetensors").write_bytes(b"broken")
    exhibit = open_exhibits(vae)["0"]
    card = exhibit.card
    assert card.maps
    for name in ("decode", "encode", "reconstructions", "dials", "travel"):
        assert not card.abilities[name].possible
        assert "not the file" in card.abilities[name].why
    assert card.abilities["images"].possible
    with pytest.raises(ModelError):
        exhibit.decode(np.zeros((1, 2), np.float32))


def test_a_model_that_fails_to_open_is_told_by_the_card_from_then_on(vae):
    encode(vae)
    about = json.loads((vae / "run.json").read_text())
    about["model"]["options"] = {"hidden": [64]}
    (vae / "run.json").write_text(json.dumps(about))
    exhibit = open_exhibits(vae)["0"]
    assert exhibit.card.abilities["decode"].possible
    exhibit.warm()
    ability = exhibit.card.abilities["decode"]
    assert not ability.possible
    assert ability.hint
    assert exhibit.images([0], "original", None).any()


def folder_of_images(path, *, seed: int):
    path.mkdir(exist_ok=True)
    rng = np.random.default_rng(seed)
    for i in range(30):
        Image.fromarray(rng.integers(0, 256, (8, 8), np.uint8)).save(path / f"{i:02d}.png")
    return path


def test_images_that_changed_or_went_are_not_shown(make_run, tmp_path):
    folder = folder_of_images(tmp_path / "photos", seed=0)
    data = replace(DataConfig(f"folder:{folder}"), colour="L")
    run = make_run("of-photos", data=data)
    encode(run)
    assert open_exhibits(run)["0"].images([0], "original", None).shape == (1, 8, 8, 1)
    folder_of_images(folder, seed=1)
    exhibit = open_exhibits(run)["0"]
    with pytest.raises(DataError, match="changed"):
        exhibit.images([0], "original", None)
    ability = exhibit.card.abilities["images"]
    assert not ability.possible
    assert "latentscape encode" in ability.hint
    assert exhibit.images([0], "reconstruction", None).any()
    shutil.rmtree(folder)
    ability = open_exhibits(run)["0"].card.abilities["images"]
    assert not ability.possible
    assert "no longer" in ability.why


WITHOUT_TORCH = """
import sys
from importlib.machinery import PathFinder

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, *rest):
        return None if name.partition(".")[0] == "torch" else PathFinder.find_spec(name, *rest)

sys.meta_path = [Without if finder is PathFinder else finder for finder in sys.meta_path]
from latentscape.workflows.explore import open_exhibits
exhibit = open_exhibits(sys.argv[1])["0"]
card = exhibit.card
assert [plane.method for plane in card.maps] == ["pca", "isomap"], card.maps
assert exhibit.images([0, 1], "original", 4).shape == (2, 4, 4, 1)
for plane in card.maps:
    latent, look = exhibit.lift(plane.name, 0.0, 0.0)
    assert exhibit.place(plane.name, latent[None]).shape == (1, 2)
assert exhibit.sample(0).neighbours and exhibit.find("1", 5).n
assert exhibit.column("mse" if "mse" in exhibit.columns.cards else "norm").shape == (card.n,)
assert not card.abilities["decode"].possible
assert card.abilities["training"].possible
epochs, arrays = exhibit.training()
assert epochs.curves == {"val_loss": (3.0, 2.0)}, epochs
dials, directions, centre = exhibit.dials()
assert len(dials.dials) == len(directions)
print(card.abilities["decode"].why)
exhibit.warm()
try:
    exhibit.decode(exhibit.latents([0]))
except Exception as error:
    print(type(error).__name__)
"""


def without_torch(script, run) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", script, str(run)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_without_torch_everything_opens_that_needs_no_model(ae):
    project(encode(ae).folder, method="isomap", limit=100, keep=True)
    write_history(ae, {"epoch": [1, 2], "val_loss": [3.0, 2.0]})
    why, error = without_torch(WITHOUT_TORCH, ae)
    assert "torch is not installed" in why
    assert error == "ModelError"


MOTION_WITHOUT_TORCH = (
    WITHOUT_TORCH.partition("assert [plane")[0]
    + """
assert card.abilities["motion"].possible
told, arrays = exhibit.motion()
assert arrays["triplets"].shape == (len(told.names), 3)
middles, pixels = exhibit.middles(0)
assert middles.names == ("first", "true middle", "last", "pixel blend"), middles.names
print(len(told.names))
"""
)


def test_without_torch_motion_is_shown_without_guesses(make_run):
    data = DataConfig("sprites-motion", size=16, limit=60)
    run = make_run("m", latent=6, data=data)
    encode(run, split="all")
    (n,) = without_torch(MOTION_WITHOUT_TORCH, run)
    assert int(n) > 0


def test_where_the_model_does_not_open_middles_come_without_guesses(make_run):
    data = DataConfig("sprites-motion", size=16, limit=60)
    run = make_run("m", latent=6, data=data)
    encode(run, split="all")
    about = json.loads((run / "run.json").read_text())
    about["model"]["options"] = {"hidden": [64]}
    (run / "run.json").write_text(json.dumps(about))
    middles, pixels = open_exhibits(run)["0"].middles(0)
    assert middles.names == ("first", "true middle", "last", "pixel blend")
    assert len(pixels) == 4

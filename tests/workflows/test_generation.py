import json

import numpy as np
import pytest

from latentscape.data import DataConfig, load_images, split_rows
from latentscape.errors import UsageError
from latentscape.records import GenerationRecord, load_record
from latentscape.workflows.encode import encode
from latentscape.workflows.measure import measure
from latentscape.workflows.measure.generation import GenerationConfig, measure_generation
from latentscape.workflows.sample import sample_mixture

QUICK = GenerationConfig(features="pixels", n_images=120, n_scored=20, n_draws=8, n_components=3)


def why(row) -> str:
    return " ".join(u.why for u in row.undefined)


@pytest.fixture(scope="module")
def images():
    return load_images(DataConfig("digits"))


def test_every_source_stands_beside_the_floor_and_noise(vae):
    record = measure("generation", vae, config=QUICK)
    assert [row.name for row in record.rows] == [
        "prior samples", "mixture samples", "interpolations"
    ]  # fmt: skip
    assert [row.name for row in record.baselines] == [
        "training images", "reconstructions", "pixel noise", "mean image"
    ]  # fmt: skip
    floor, _, noise, mean = record.baselines
    assert floor["kid"].low < 0 < floor["kid"].high
    assert floor["coverage"].value > 0.85 > noise["coverage"].value
    assert mean["recall"].value == 0
    for row in (*record.rows, *record.baselines):
        assert {"kid", "precision", "recall", "density", "coverage"} <= {
            m.name for m in row.measures
        }
        assert "not in colour" in why(row)  # FID of gray digits
    assert record.likelihood["iwae"].value >= record.likelihood["elbo"].value
    assert record.likelihood["iwae"].n == 20
    assert load_record(vae / "measures" / "generation-digits-test").rows == record.rows


def test_it_is_seeded(vae):
    one, again = (measure_generation(vae, config=QUICK, seed=3) for _ in range(2))
    assert (one.rows, one.baselines, one.likelihood) == (
        again.rows, again.baselines, again.likelihood
    )  # fmt: skip
    np.testing.assert_array_equal(one.drawn[0].images, again.drawn[0].images)
    other = measure_generation(vae, config=QUICK, seed=4)
    assert other.rows[0]["kid"].value != one.rows[0]["kid"].value


def test_a_model_that_never_met_the_prior_draws_none_from_it(ae):
    record = measure_generation(ae, config=QUICK)
    prior, mixture, _ = record.rows
    assert not prior.measures
    assert "nothing in training" in why(prior)
    assert mixture["kid"].n == 120
    assert [drawn.name for drawn in record.drawn] == ["mixture samples", "interpolations"]
    assert "point" in why(record.likelihood)


def test_the_nearest_training_image_is_one_and_is_nearest(vae, images):
    record = measure_generation(vae, config=QUICK)
    train = split_rows(images, DataConfig("digits"))["train"]
    pixels = images.images[train].reshape(len(train), -1) / 255 / record.features.scale
    drawn = record.drawn[1]
    for image, nearest, name, distance in zip(
        drawn.images, drawn.nearest, drawn.nearest_ids, drawn.distances, strict=True
    ):
        apart = np.linalg.norm(pixels - image.reshape(-1) / 255 / record.features.scale, axis=1)
        assert distance == pytest.approx(apart.min(), rel=1e-4)
        place = int(np.flatnonzero(images.sample_ids == name)[0])
        assert place in train
        np.testing.assert_array_equal(nearest, images.images[place])
    assert record.n_train == len(train)


def test_what_is_measured_of_training_images_excludes_them(vae, images):
    record = measure_generation(vae, split="train", config=QUICK)
    n_train = len(split_rows(images, DataConfig("digits"))["train"])
    assert record.n_train == n_train - 120
    assert record.baselines[0]["kid"].value < 0.05
    whole = GenerationConfig(features="pixels", n_images=5000, n_scored=5, n_draws=2)
    none_left = measure_generation(vae, split="train", config=whole)
    assert "no training images" in why(none_left.baselines[0])
    assert "no training images" in why(none_left.rows[1])
    assert none_left.rows[0]["kid"].n == n_train
    assert none_left.typical_distance is None


def test_features_are_named_in_the_record(vae):
    config = GenerationConfig(features="random", n_images=30, n_scored=2, n_draws=2, n_training=40)
    record = measure_generation(vae, config=config, seed=7)
    assert record.features.net == "SqueezeNet 1.1"
    assert "random weights (seed 7)" in record.features.weights
    assert record.features.sha256 == ""
    assert "gray repeated three times" in record.features.entry
    assert record.n_train == 40


@pytest.mark.realdata
def test_trained_features_are_named_by_their_hash(vae, data_root):
    config = GenerationConfig(n_images=30, n_scored=2, n_draws=2, n_training=40)
    record = measure_generation(vae, config=config)
    assert record.features.sha256.startswith("eee86793")


def test_too_few_images_leave_reasons(vae):
    config = GenerationConfig(features="pixels", n_images=4, n_scored=1, n_draws=1)
    record = measure_generation(vae, config=config)
    for row in record.rows:
        assert "KID needs 10" in why(row)
        assert "more than 5 images" in why(row)
    assert record.likelihood["iwae"].low is None
    one = measure_generation(vae, config=GenerationConfig(features="pixels", n_images=1))
    assert "no partner" in why(one.rows[2])


def test_a_collapsed_model_is_measured_all_the_same(vae, spoil):
    spoil(vae, lambda model: [p.zero_() for p in model.encoder.parameters()])
    record = measure_generation(vae, config=QUICK)
    assert record.rows[1]["recall"].value == 0  # a mixture of one point paints one image
    assert record.likelihood["iwae_gain"].value >= 0


def test_the_bound_is_of_the_models_own_likelihood(vae):
    config = GenerationConfig(features="pixels", n_images=30, n_scored=30, n_draws=4000)
    found = measure_generation(vae, config=config).likelihood
    assert found["iwae_gain"].value > 0
    assert "gaussian-fixed, σ 1" in found["iwae"].note
    assert "4,000 posterior draws" in found["iwae"].note


def test_nothing_and_stores_are_refused(vae):
    with pytest.raises(UsageError, match="0 images are none"):
        GenerationConfig(n_images=0)
    with pytest.raises(UsageError, match="a store"):
        measure_generation(encode(vae).folder, config=QUICK)
    with pytest.raises(UsageError, match="no features"):
        measure_generation(vae, config=GenerationConfig(features="inception"))


def test_it_tells_how_far_it_is(vae):
    heard = []
    measure_generation(vae, config=QUICK, progress=lambda *told: heard.append(told))
    assert heard[-1][0] == heard[-1][1]
    assert [done for done, _, _ in heard] == sorted(done for done, _, _ in heard)


def test_the_record_comes_back_whole(ae):
    record = measure_generation(ae, config=QUICK)
    again = GenerationRecord.load(ae / "measures" / "generation-digits-test")
    np.testing.assert_array_equal(again.drawn[0].nearest, record.drawn[0].nearest)
    assert json.loads(record.to_json())["kind"] == "generation"


def test_without_a_store_the_mixture_is_of_training_images(ae, images):
    record = sample_mixture(ae, rows=3, columns=3)
    assert record.note.endswith("(images of the train split)")
    n_train = len(split_rows(images, DataConfig("digits"))["train"])
    assert f"{n_train:,} posterior means" in record.note

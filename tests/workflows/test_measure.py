import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from latentscape.data import DataConfig, load_images, split_rows
from latentscape.errors import ModelError, UsageError
from latentscape.models import open_model
from latentscape.records import ReconstructionRecord, load_record
from latentscape.workflows.measure import measure
from latentscape.workflows.measure.reconstruction import (
    ReconstructionConfig,
    measure_reconstruction,
    score_split,
)

SAMPLE = ReconstructionConfig(posterior="sample")


def test_the_mean_squared_error_is_that_of_a_plain_loop(vae):
    record = measure_reconstruction(vae)
    images = load_images(DataConfig("digits"))
    rows = split_rows(images, DataConfig("digits"))["test"]
    x = torch.from_numpy(images.pixels(rows))
    model = open_model(vae).autoencoder
    with torch.inference_mode():
        posterior = model.encode(x)
        each = (model.decode(posterior.mean) - x).square().flatten(1).mean(1).numpy()
        rate = posterior.kl().flatten(1).sum(1).numpy()
    assert record.model_row["mse"].value == pytest.approx(each.mean(), rel=1e-5)
    assert record.model_row["rate"].value == pytest.approx(rate.mean(), rel=1e-4)
    np.testing.assert_allclose(record.per_image["mse"], each, rtol=1e-4)
    np.testing.assert_array_equal(record.sample_ids, images.sample_ids[rows])
    worst = np.argsort(-each)[:16]
    assert record.worst_ids == tuple(images.sample_ids[rows][worst].tolist())
    np.testing.assert_array_equal(record.worst_originals, images.images[rows][worst])


def test_what_is_shown_are_the_images_it_names(vae):
    record = measure_reconstruction(vae, seed=3)
    images = load_images(DataConfig("digits"))
    place = {name: row for row, name in enumerate(images.sample_ids)}
    shown = [place[name] for name in record.shown_ids]
    assert len(shown) == 16
    np.testing.assert_array_equal(record.originals, images.images[shown])
    with torch.inference_mode():
        model = open_model(vae).autoencoder
        back = model.decode(model.encode(torch.from_numpy(images.pixels(np.array(shown)))).mean)
    expected = (back * 255).round().numpy()
    np.testing.assert_allclose(record.reconstructions.astype(float), expected, atol=1)
    assert measure_reconstruction(vae, seed=4).shown_ids != record.shown_ids


def test_baselines_stand_beside_with_the_same_measures(vae):
    record = measure_reconstruction(vae)
    assert [row.name for row in record.baselines] == ["mean image", "PCA", "JPEG"]
    for row in record.baselines:
        for name in ("mse", "psnr_mean", "ssim_seed"):
            assert row[name].n == record.model_row[name].n == len(record.sample_ids)
            assert row[name].unit == record.model_row[name].unit
    assert record.baselines[1]["mse"].value < record.baselines[0]["mse"].value


def test_mean_and_sample_are_told_apart(vae):
    mean = measure_reconstruction(vae)
    sample = measure_reconstruction(vae, config=SAMPLE)
    assert (mean.provenance.posterior, sample.provenance.posterior) == ("mean", "sample")
    assert sample.model_row["mse"].value != mean.model_row["mse"].value
    assert "posterior mean" in mean.model_row["mse"].note
    assert "posterior sample" in sample.model_row["mse"].note
    again = measure_reconstruction(vae, config=SAMPLE)
    assert again.model_row["mse"].value == sample.model_row["mse"].value
    saved = sorted(path.name for path in (vae / "measures").glob("*.json"))
    assert saved == ["reconstruction-digits-test-sample.json", "reconstruction-digits-test.json"]


def test_the_record_comes_back_from_disk(ae):
    record = measure_reconstruction(ae, split="val")
    loaded = load_record(ae / "measures" / "reconstruction-digits-val")
    assert isinstance(loaded, ReconstructionRecord)
    assert loaded.model_row == record.model_row
    np.testing.assert_array_equal(loaded.worst_reconstructions, record.worst_reconstructions)


def test_a_point_has_no_rate(ae):
    row = measure_reconstruction(ae).model_row
    assert "rate" not in {measure.name for measure in row.measures}
    assert row.note


def test_binarized_images_are_measured_against_binary_baselines(make_run):
    record = measure_reconstruction(make_run("b", data=DataConfig("digits", binarize=True)))
    assert set(np.unique(record.originals)) == {0, 255}
    mean_image = record.baselines[0]["mse"].value
    assert mean_image == pytest.approx(binary_variance(), rel=0.05)


def binary_variance() -> float:
    config = DataConfig("digits", binarize=True)
    images = load_images(config)
    rows = split_rows(images, config)
    mean = images.pixels(rows["train"]).mean(0)
    return float(np.square(images.pixels(rows["test"]) - mean).mean())


def test_a_name_for_every_measure(vae):
    assert measure("reconstruction", vae).model_row["mse"].value > 0
    with pytest.raises(UsageError, match="no measure 'fid'"):
        measure("fid", vae)
    with pytest.raises(UsageError, match="'mode'"):
        measure_reconstruction(vae, config=ReconstructionConfig(posterior="mode"))


def test_every_word_of_the_measure_is_passed_on(vae):
    heard = []
    record = measure(
        "reconstruction", vae, config=SAMPLE, split="val",
        progress=lambda *told: heard.append(told),
    )  # fmt: skip
    assert record.provenance.posterior == "sample"
    assert record.provenance.split == "val"
    n = len(record.sample_ids)
    assert heard[-1] == (n, n, "images")


def test_a_split_is_scored_as_the_measure_scores_it(vae):
    images = load_images(DataConfig("digits"))
    rows = split_rows(images, DataConfig("digits"))["test"]
    model = open_model(vae).autoencoder
    row = score_split(model, images, rows=rows, seed=0)
    assert row.measures == measure_reconstruction(vae).model_row.measures
    assert score_split(model, images, rows=rows[:0], seed=0).measures == ()


def test_groups_widen_the_interval_of_a_score(vae):
    images = load_images(DataConfig("digits"))
    rows = split_rows(images, DataConfig("digits"))["test"]
    model = open_model(vae).autoencoder
    alone = score_split(model, images, rows=rows, seed=0)["mse"]
    classes = replace(images, groups=images.labels.astype(str))
    grouped = score_split(model, classes, rows=rows, seed=0)["mse"]
    assert grouped.value == alone.value
    assert grouped.high - grouped.low > alone.high - alone.low
    assert "group" in grouped.interval


def test_what_trained_the_model_stands_beside_its_numbers(vae):
    assert measure_reconstruction(vae).likelihood == "gaussian-fixed, σ 1"
    assert measure_reconstruction(vae).objective["beta"] == 1
    about = json.loads((vae / "run.json").read_text())
    changed = {"recipe": "beta_vae", "training": {"recipe_options": {"free_bits": 0.5}}}
    (vae / "run.json").write_text(json.dumps({**about, **changed}))
    objective = measure_reconstruction(vae).objective
    assert (objective["beta"], objective["free_bits"]) == (4, 0.5)
    (vae / "run.json").write_text(json.dumps({**about, "recipe": "of another program"}))
    assert measure_reconstruction(vae).objective == {}


def test_a_collapsed_model_is_warned_of(vae, spoil):
    assert not any("no latent" in said for said in measure_reconstruction(vae).warnings)
    spoil(vae, lambda model: [p.zero_() for p in model.encoder.parameters()])
    record = measure_reconstruction(vae)
    assert len(record.warnings) == 3
    assert load_record(vae / "measures" / "reconstruction-digits-test").warnings == record.warnings


def test_a_model_that_broke_down_is_a_sentence(vae, spoil):
    spoil(vae, lambda model: next(model.decoder.parameters()).fill_(float("inf")))
    with pytest.raises(ModelError, match="not finite"):
        measure_reconstruction(vae)
    assert not (vae / "measures").exists()


def test_records_of_other_images_of_the_same_name_lie_beside_the_own(vae, tmp_path):
    """A set's name is no identity: the model's own images keep the plain name."""
    images = load_images(DataConfig("digits"))
    other = tmp_path / "other"
    other.mkdir()
    np.savez(other / "digits.npz", images=images.images[:200])
    asked = (None, "digits", f"npz:{other / 'digits.npz'}", DataConfig("digits", seed=5))
    records = [measure_reconstruction(vae, data) for data in asked]
    assert records[0].saved_at == vae / "measures" / "reconstruction-digits-test.json"
    assert records[1].saved_at == records[0].saved_at
    assert len({record.saved_at for record in records}) == 3
    for record in records[1:]:
        assert record.saved_at.name.startswith("reconstruction-digits-")
        assert load_record(record.saved_at).provenance == record.provenance
    again = measure_reconstruction(vae, asked[2])
    assert again.saved_at == records[2].saved_at

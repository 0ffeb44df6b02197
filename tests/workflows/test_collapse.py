"""`measure collapse` on healthy and on emptied models; the collapse and its cure on real frames."""

import json

import numpy as np
import pytest
import torch

from latentscape.data import DataConfig, load_images, split_rows
from latentscape.errors import TrainingError
from latentscape.models import open_model
from latentscape.records import CollapseRecord, load_record
from latentscape.training import TrainConfig
from latentscape.workflows.ablation import _strangers
from latentscape.workflows.encode import encode
from latentscape.workflows.measure import measure
from latentscape.workflows.measure.collapse import measure_collapse
from latentscape.workflows.train import train


def values(record: CollapseRecord) -> dict[str, float]:
    rows = (record.activity, record.surgery, record.decoder)
    return {m.name: m.value for row in rows for m in row.measures}


def empty(model):
    """A posterior that is the prior for every image, and a decoder that does not look."""
    for half in (model.encoder, model.decoder):
        last = [m for m in half.modules() if isinstance(m, torch.nn.Linear)][-1]
        last.weight.zero_()
        last.bias.zero_()


def told(run, **training):
    """Write into run.json how the run was trained."""
    about = json.loads((run / "run.json").read_text())
    about["training"] = {"recipe_options": {}, "likelihood": "gaussian-fixed", **training}
    (run / "run.json").write_text(json.dumps(about))


def test_numbers_are_those_of_a_plain_loop(vae):
    record = measure_collapse(vae)
    images = load_images(DataConfig("digits"))
    rows = split_rows(images, DataConfig("digits"))
    x = torch.from_numpy(images.pixels(rows["test"]))
    mean = images.pixels(rows["train"]).mean(0)
    model = open_model(vae).autoencoder
    with torch.inference_mode():
        posterior = model.encode(x)
        back = model.decode(posterior.mean).numpy()
    found = values(record)
    assert found["rate"] == pytest.approx(posterior.kl().sum(1).mean().item(), rel=1e-4)
    assert found["mean_image_mse"] == pytest.approx(np.square(x.numpy() - mean).mean(), rel=1e-4)
    assert found["mse_to_mean_image"] == pytest.approx(np.square(back - mean).mean(), rel=1e-4)
    assert found["mse"] == pytest.approx(np.square(x.numpy() - back).mean(), rel=1e-4)
    share = back.var(0).sum() / x.numpy().var(0).sum()
    assert found["reconstruction_spread"] == pytest.approx(share, rel=1e-4)
    assert record.kl_per_unit == pytest.approx(posterior.kl().mean(0).numpy(), rel=1e-4)
    assert record.kl_per_unit.sum() == pytest.approx(found["rate"], rel=1e-5)
    total = found["information"] + found["marginal_kl"]
    assert total == pytest.approx(found["rate"], rel=0.1)
    np.testing.assert_allclose(record.mean_image, np.rint(255 * mean), atol=1)


def test_it_is_saved_shown_and_the_same_again(vae):
    record = measure("collapse", vae)
    again = load_record(vae / "measures" / "collapse-digits-test")
    assert values(again) == values(record)
    assert again.originals.shape == again.others.shape == (8, 1, 8, 8)
    assert values(measure_collapse(vae)) == values(record)
    assert values(measure_collapse(vae, seed=1)) != values(record)
    images = load_images(DataConfig("digits"))
    place = {name: row for row, name in enumerate(images.sample_ids)}
    np.testing.assert_array_equal(
        record.originals, images.images[[place[name] for name in record.shown_ids]]
    )


def test_an_emptied_model_shows_every_sign(vae, spoil):
    spoil(vae, empty)
    record = measure_collapse(vae)
    found = values(record)
    assert found["rate"] == found["active_units"] == found["active_units_scaled"] == 0
    assert found["collapsed_units"] == 2
    assert found["information"] == pytest.approx(0, abs=1e-5)
    assert found["marginal_kl"] == pytest.approx(0, abs=1e-5)
    assert found["elbo_lost_to_other"] == found["elbo_lost_to_prior"] == 0
    assert found["mse_of_other"] == found["mse"]
    assert record.finding == "optimisation collapse"
    assert "free_bits" in record.cure


@pytest.mark.parametrize(
    ("training", "finding", "flag"),
    [
        ({"beta_convention": "mean-sum"}, "over-regularised", "--beta 1 or below"),
        ({"recipe_options": {"beta": 5000}}, "scale bug", "--beta 1"),
        ({"recipe_options": {"beta": 0.1}}, "optimisation collapse", "recipe.cycles"),
    ],
)
def test_the_cause_is_read_from_the_run(vae, spoil, training, finding, flag):
    spoil(vae, empty)
    told(vae, **training)
    record = measure_collapse(vae)
    assert record.finding == finding
    assert flag in record.cure
    assert record.beta


def test_a_setting_of_another_version_leaves_beta_unknown_and_says_so(vae, spoil):
    spoil(vae, empty)
    told(vae, recipe_options={"word": 1})
    with pytest.warns(UserWarning, match="no setting 'word'; the run's β is not judged"):
        record = measure_collapse(vae)
    assert record.finding == "optimisation collapse"
    assert "recipe.free_bits" in record.cure
    assert not record.beta


def test_a_beta_of_another_convention_is_recorded_in_elbo_units(vae):
    told(vae, beta_convention="mean-sum", recipe_options={"beta": 0.5})
    assert measure("reconstruction", vae).objective["beta"] == pytest.approx(16)
    assert measure("collapse", vae).beta["ELBO units, σ = 1"] == pytest.approx(16)


def test_a_point_posterior_has_no_rate_and_says_so(ae):
    record = measure_collapse(ae)
    undefined = {u.name for row in (record.activity, record.surgery, record.decoder)
                 for u in row.undefined}  # fmt: skip
    assert {"rate", "active_units", "collapsed_units", "mse_of_prior"} <= undefined
    assert record.activity["active_units_scaled"].value == 5
    assert record.kl_per_unit.size == 0
    assert len(record.active) == 5


def test_a_store_is_measured_and_not_judged(vae):
    folder = encode(vae).folder
    record = measure_collapse(folder)
    assert record.finding == "unknown"
    assert "no decoder" in record.verdict
    direct = values(measure_collapse(vae))
    for name, value in values(record).items():
        assert value == pytest.approx(direct[name], rel=1e-4)


def test_the_other_latent_is_of_another_group():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.array(["c", "a", "d", "b"]), 3)
    for _ in range(20):
        other = _strangers(12, groups, rng)
        assert sorted(other) == list(range(12))
        assert not (groups[other] == groups).any()
    alone = _strangers(7, None, rng)
    assert sorted(alone) == list(range(7))
    assert not (alone == np.arange(7)).any()
    assert _strangers(1, None, rng).tolist() == [0]


@pytest.mark.slow
@pytest.mark.realdata
@pytest.mark.filterwarnings("ignore:β is")
@pytest.mark.filterwarnings("ignore:triplets.s own split cuts")
def test_the_failed_fine_tune_fails_and_its_cure_trains(data_root, tmp_path):
    """METHODS §0a in small: mean squared error + summed KL on animation frames, a `resnet` grid."""
    source = f"triplets:{data_root / 'animation' / 'triplets'}"
    frames = DataConfig(source, size=64, resize="squash")
    small = {
        "network": "resnet", "network_options": {"widths": [8, 16, 32, 64]}, "latent": (4, 8, 8),
        "batch_size": 10, "learning_rate": 3e-3,
    }  # fmt: skip
    failed = {**small, "beta_convention": "mean-sum"}
    with pytest.raises(TrainingError, match="scale bug") as error:
        train(frames, TrainConfig(**failed, epochs=11), out=tmp_path / "stopped")  # 198 steps
    assert "--recipe sigma_vae" in error.value.hint

    train(frames, TrainConfig(**failed, epochs=10, doctor="off"), out=tmp_path / "failed")
    record = measure_collapse(tmp_path / "failed", split="train")
    found = values(record)
    assert record.finding == "scale bug"
    assert found["rate"] < 0.01
    assert found["active_units"] == 0
    assert found["mse"] == pytest.approx(found["mean_image_mse"], rel=0.08)  # 3 % when trained out

    train(frames, TrainConfig(**small, epochs=6, recipe="sigma_vae"), out=tmp_path / "cured")
    cured = measure_collapse(tmp_path / "cured", split="train")
    assert cured.finding == "healthy"
    assert values(cured)["rate"] > 10
    assert values(cured)["active_units"] > 10
    assert values(cured)["mse"] < 0.6 * found["mean_image_mse"]

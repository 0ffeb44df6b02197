import math

import numpy as np
import pytest
import torch

from latentscape.errors import DataError, ShapeError, UsageError
from latentscape.metrics import CATALOGUE, ReconstructionScore


def toy(n: int = 40, shape: tuple[int, int, int] = (1, 16, 16), seed: int = 0):
    rng = torch.Generator().manual_seed(seed)
    x = torch.rand(n, *shape, generator=rng)
    y = (x + 0.1 * torch.randn(x.shape, generator=rng)).clamp(0, 1)
    return {
        "originals": x,
        "reconstructions": y,
        "nll": 50 + torch.rand(n, generator=rng),
        "kl": torch.rand(n, 3, generator=rng),
        "means": torch.randn(n, 3, generator=rng),
    }


def scored(batch: dict, rows: slice | torch.Tensor = slice(None), **config) -> ReconstructionScore:
    score = ReconstructionScore(**({"likelihood": "gaussian"} | config))
    score.update(**{name: values[rows] for name, values in batch.items()})
    return score


def test_known_error_gives_known_numbers():
    score = ReconstructionScore()
    x = torch.full((4, 1, 8, 8), 0.5)
    y = x.clone()
    y[:2] += 0.1
    y[2:] -= 0.01
    score.update(x, y)
    row, per_image = score.compute("toy")
    assert row["mse"].value == pytest.approx((0.01 + 0.0001) / 2, rel=1e-5)
    assert row["mae"].value == pytest.approx(0.055, rel=1e-5)
    assert row["psnr_mean"].value == pytest.approx(30, abs=1e-4)
    assert row["psnr_of_mean_mse"].value == pytest.approx(-10 * math.log10(0.00505), abs=1e-4)
    assert per_image["psnr"] == pytest.approx([20, 20, 40, 40], abs=1e-4)


def test_exact_images_are_left_out_of_the_mean_psnr_and_counted():
    x = torch.full((3, 1, 8, 8), 0.5)
    y = x.clone()
    y[0] += 0.1
    score = ReconstructionScore()
    score.update(x, y)
    psnr = score.compute("toy")[0]["psnr_mean"]
    assert psnr.value == pytest.approx(20, abs=1e-4)
    assert "2 exact images" in psnr.note
    exact = ReconstructionScore()
    exact.update(x, x)
    row, _ = exact.compute("exact")
    assert row["psnr_mean"].value == row["psnr_of_mean_mse"].value == math.inf
    assert row["ssim_seed"].value == pytest.approx(1)


def test_merged_parts_equal_the_whole_and_order_does_not_matter():
    batch = toy()
    whole, _ = scored(batch).compute("model")
    merged, table = scored(batch, slice(0, 13)).merge(scored(batch, slice(13, None))).compute("m")
    shuffled, _ = scored(batch, torch.randperm(40)).compute("model")
    assert len(table["mse"]) == 40
    for measure in whole.measures:
        assert merged[measure.name].value == pytest.approx(measure.value, rel=1e-9)
        assert shuffled[measure.name].value == pytest.approx(measure.value, rel=1e-9)
        assert merged[measure.name].low == pytest.approx(measure.low)


def test_merging_with_an_empty_score_changes_nothing():
    batch = toy()
    score = scored(batch)
    empty = ReconstructionScore(likelihood="gaussian")
    for both in (score.merge(empty), empty.merge(score)):
        assert both.compute("m")[0] == score.compute("m")[0]


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian", "laplace"])
def test_every_measure_keeps_to_the_catalogue(likelihood):
    batch = toy()
    batch["nll"] = batch["nll"] + 200
    row, per_image = scored(batch, likelihood=likelihood).compute("model", seed=3)
    for measure in row.measures:
        entry = CATALOGUE[measure.name]
        assert (measure.unit, measure.better, measure.bounds) == entry[:3]
        low, high = measure.bounds
        assert low is None or measure.value >= low
        assert high is None or measure.value <= high
        assert measure.n == 40
        if measure.low is not None and measure.high is not None:
            assert measure.low <= measure.value <= measure.high
            assert "bootstrap over 40 samples" in measure.interval
    assert all(values.shape == (40,) for values in per_image.values())


def test_small_images_get_a_reason_instead_of_a_number():
    row, per_image = scored(toy(shape=(1, 8, 8))).compute("digits")
    names = {measure.name for measure in row.measures}
    assert "ssim_std" not in names | set(per_image)
    assert {"ssim_seed", "ssim_atd"} <= names
    assert "ssim_std needs a side of 11 pixels" in row.note
    assert "ms_ssim needs a side of 176 pixels" in row.note


def test_a_point_posterior_has_distortion_but_no_elbo():
    batch = toy()
    batch = {name: batch[name] for name in ("originals", "reconstructions", "nll")}
    row, _ = scored(batch).compute("ae")
    names = {measure.name for measure in row.measures}
    assert "distortion" in names
    assert not names & {"rate", "elbo", "bits_per_dim"}
    assert "point" in row.note


def test_numpy_and_torch_score_alike():
    batch = toy()
    arrays = ReconstructionScore(likelihood="gaussian")
    arrays.update(**{name: values.numpy() for name, values in batch.items()})
    assert arrays.compute("m")[0] == scored(batch).compute("m")[0]


def test_bad_batches_are_refused():
    x = torch.rand(2, 1, 8, 8)
    score = ReconstructionScore()
    with pytest.raises(DataError, match="no images"):
        score.compute("empty")
    with pytest.raises(ShapeError):
        score.update(x, x[:, :, :7])
    with pytest.raises(DataError, match="leave"):
        score.update(x * 255, x)
    with pytest.raises(DataError, match="1 of 2"):
        score.update(x, torch.where(torch.arange(2).view(2, 1, 1, 1) == 0, torch.nan, x))
    with pytest.raises(ShapeError, match="one number an image"):
        score.update(x, x, nll=np.zeros(3))
    score.update(x, x)
    with pytest.raises(UsageError, match="same things"):
        score.update(x, x, nll=torch.zeros(2))
    with pytest.raises(UsageError, match="merged"):
        score.merge(ReconstructionScore(likelihood="bernoulli"))


def test_parts_are_scored_as_if_alone():
    """A part's row is the row of a score that saw nothing else, units and spread left out."""
    batch = toy(40)
    parts = np.array(["b"] * 25 + ["a"] * 12 + [""] * 3)
    rows = scored(batch).parts(parts, seed=0)
    assert [row.name for row in rows] == ["b", "a"]
    for row in rows:
        alone, _ = scored(batch, torch.from_numpy(np.flatnonzero(parts == row.name))).compute("x")
        found = {m.name: m for m in row.measures}
        assert set(found) == {m.name for m in alone.measures} - {
            "active_units", "collapsed_units", "reconstruction_spread"
        }  # fmt: skip
        for name, measure in found.items():
            assert measure == alone[name]


def test_small_parts_have_no_interval_and_eight_groups_are_drawn_whole():
    parts = np.repeat(["whole", "few", "many"], [7, 9, 24])
    groups = np.concatenate([np.zeros(7, int), np.arange(9) // 3 + 1, np.arange(24) // 2 + 10])
    whole, few, many = scored(toy(40)).parts(parts, groups=groups)
    assert whole["mse"].low is None
    assert "7 images of 1 group: too few" in whole.note
    assert "the 9 samples of these 3 groups: says nothing of other groups" in few["mse"].interval
    assert few.note == "9 images of 3 groups"
    assert "12 groups of 24" in many["mse"].interval


def test_a_score_of_one_scene_speaks_of_this_scene():
    from latentscape.metrics.interval import Grouping

    one = Grouping(np.full(40, "a"), "scene", "images")
    row, _ = scored(toy(40)).compute("m", groups=one)
    assert "the 40 images of this scene: says nothing of other scenes" in row["mse"].interval
    alone, _ = scored(toy(40)).compute("m")
    assert (row["mse"].low, row["mse"].high) == (alone["mse"].low, alone["mse"].high)


def test_further_columns_are_averaged_over_the_images_that_have_them():
    score = ReconstructionScore()
    x = torch.full((4, 1, 8, 8), 0.5)
    seen = np.array([0.1, np.nan, 0.3, np.nan])
    score.update(x, x + 0.1, more={"lpips": seen, "chamfer": np.full(4, np.nan)})
    row, per_image = score.compute("toy")
    assert row["lpips"].value == pytest.approx(0.2)
    assert row["lpips"].n == 2
    assert row["mse"].n == 4
    assert "chamfer" not in {m.name for m in row.measures}
    np.testing.assert_array_equal(per_image["lpips"], seen)
    with pytest.raises(UsageError, match="lpips"):
        score.update(x, x)

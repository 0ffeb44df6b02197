import numpy as np
import pytest
import torch

from latentscape.errors import ShapeError
from latentscape.metrics import LatentSums, ReconstructionScore, collapse_signs
from latentscape.metrics.collapse import Moments, signs_in


def test_moments_merge_to_numpys():
    rows = np.random.default_rng(0).normal(3, 2, (101, 5))
    parts = [Moments.of(part) for part in np.array_split(rows, 7)]
    merged = parts[0]
    for part in parts[1:]:
        merged = merged.merge(part)
    assert merged.n == 101
    assert merged.mean == pytest.approx(rows.mean(0))
    assert merged.variance == pytest.approx(rows.var(0, ddof=1))
    with pytest.raises(ShapeError):
        merged.merge(Moments.of(np.ones((3, 4))))


def test_active_units_are_of_the_corpus_not_of_a_batch():
    means = np.zeros((200, 3))
    means[100:, 0] = 1  # constant within each half, different between them
    means[:, 1] = np.random.default_rng(0).normal(0, 0.09, 200)  # variance .008: not active
    kl = np.full((200, 3), 0.5)
    kl[:, 2] = 0
    halves = [LatentSums.of(means[part], kl[part]) for part in (slice(100), slice(100, 200))]
    assert not any(half.active.any() for half in halves)
    whole = halves[0].merge(halves[1])
    assert whole.active.tolist() == [True, False, False]
    assert whole.collapsed.tolist() == [False, False, True]


def test_a_unit_used_by_two_percent_of_images_is_not_collapsed():
    kl = np.zeros((1000, 2))
    kl[:20, 0] = 1
    kl[:5, 1] = 1
    assert LatentSums.of(kl, kl).collapsed.tolist() == [False, True]


def test_spatial_latents_count_every_value():
    means = np.random.default_rng(0).normal(size=(50, 4, 2, 2))
    assert LatentSums.of(means, np.abs(means)).active.sum() == 16


def test_a_mean_image_decoder_shows_its_signs_however_low_its_loss():
    x = torch.rand(60, 1, 12, 12) * 0.2
    y = x.mean(0, keepdim=True).expand_as(x)
    score = ReconstructionScore(likelihood="gaussian")
    means = 1e-3 * torch.randn(60, 4)
    score.update(x, y, nll=torch.full((60,), -100.0), kl=means.square() / 2, means=means)
    row, _ = score.compute("collapsed")
    assert row["active_units"].value == 0
    assert row["collapsed_units"].value == 4
    assert len(collapse_signs(row)) == 3


def test_a_working_model_shows_none():
    x = torch.rand(60, 1, 12, 12)
    means = torch.randn(60, 4)
    score = ReconstructionScore(likelihood="gaussian")
    score.update(x, 0.9 * x, nll=torch.zeros(60), kl=means.square(), means=means)
    row, _ = score.compute("good")
    assert collapse_signs(row) == ()
    assert row["reconstruction_spread"].value == pytest.approx(0.81, rel=1e-4)


def test_signs_begin_at_one_set_of_thresholds():
    healthy = {"rate": 0.1, "active_units": 1, "spread": 0.01}
    assert signs_in(**healthy) == ()
    for sick in ({"rate": 0.099}, {"active_units": 0}, {"spread": 0.0099}):
        assert len(signs_in(**{**healthy, **sick})) == 1
    assert signs_in(rate=None, active_units=None, spread=0.5) == ()

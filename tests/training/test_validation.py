"""Validation goes through few images at once where they are large, and counts them alike."""

import pytest

from latentscape.training import validation
from latentscape.training.feed import Feed


def test_large_images_go_through_a_few_at_a_time(quick, monkeypatch):
    seen = []
    batches = Feed.batches

    def counted(feed, size):
        for images, labels in batches(feed, size):
            seen.append(images.numel())
            yield images, labels

    monkeypatch.setattr(Feed, "batches", counted)
    whole = quick("whole", recipe="ae", epochs=1)
    assert len(seen) < 5
    for at_once in (10 * 784, 5):
        seen.clear()
        monkeypatch.setattr(validation, "AT_ONCE", at_once)
        parted = quick(f"parted-{at_once}", recipe="ae", epochs=1)
        assert max(seen) <= max(at_once, 784)
        for name in ("val_loss", "val_distortion", "psnr_of_mean_mse", "output_share"):
            mine, theirs = (run.history.columns[name] for run in (parted, whole))
            assert mine == pytest.approx(theirs, rel=1e-4)

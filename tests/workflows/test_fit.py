"""What a training cannot use is refused before it leaves anything behind."""

import pytest

from latentscape import FinetuneConfig, finetune
from latentscape.data import DataConfig
from latentscape.errors import UsageError


def test_images_that_a_model_pads_are_not_moved_with_its_grid(patches, tmp_path):
    config = FinetuneConfig(epochs=1, perceptual=0.0, equivariance=("shift",))
    with (
        pytest.warns(UserWarning, match="are padded"),
        pytest.raises(UsageError, match="14×14 are padded to 16×16") as no,
    ):
        finetune(
            patches("size_step, channels = 4, 1"), DataConfig("digits", limit=60, size=14), config,
            out=tmp_path / "tuned",
        )  # fmt: skip
    assert "multiples of 4" in (no.value.hint or "")
    assert not (tmp_path / "tuned").exists()

"""What a training cannot use is refused before it leaves anything behind."""

import pytest

from latentscape import FinetuneConfig, finetune
from latentscape.data import DataConfig
from latentscape.errors import UsageError

PADS = """
import torch
from torch import nn

class Pads(nn.Module):
    pixel_range, size_step, channels = (0, 1), 4, 1

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.there = nn.Conv2d(1, 3, 4, 4)
        self.back = nn.ConvTranspose2d(3, 1, 4, 4)

    def encode(self, images):
        return self.there(images)

    def decode(self, latents):
        return self.back(latents)
"""


def test_images_that_a_model_pads_are_not_moved_with_its_grid(tmp_path):
    (tmp_path / "pads.py").write_text(PADS)
    config = FinetuneConfig(epochs=1, perceptual=0.0, equivariance=("shift",))
    with (
        pytest.warns(UserWarning, match="are padded"),
        pytest.raises(UsageError, match="14×14 are padded to 16×16") as no,
    ):
        finetune(
            f"python:{tmp_path / 'pads.py'}:Pads", DataConfig("digits", limit=60, size=14), config,
            out=tmp_path / "tuned",
        )  # fmt: skip
    assert "multiples of 4" in (no.value.hint or "")
    assert not (tmp_path / "tuned").exists()

"""One contract for every class of diffusers, and what diffusers itself answers beside it."""

import pytest
import torch

from latentscape.models import open_model
from latentscape.models.diffusers import FAMILIES
from latentscape.shapes import ImageShape
from latentscape.testing import ModelContract


@pytest.fixture(params=list(FAMILIES))
def kind(request):
    return request.param


class TestEveryClass(ModelContract):
    @pytest.fixture
    def model(self, tiny, kind):
        model = open_model(f"diffusers:{tiny(kind)[0]}", "fp32").autoencoder
        # where the grid would be 2×2, normalisation blows up what bf16 rounds
        return model.for_images(ImageShape(3, 16, 16)) if model.size_step == 2 else model

    def test_gradients_reach_every_weight(self, model):
        """Those aside that no decoded image depends on by a gradient: they are frozen."""
        model.train()
        images = self.images(model)
        logits = model.logits(model.encode(images).sample())
        model.likelihood.nll(logits, images).mean().backward()
        for name, weight in model.named_parameters():
            assert (weight.grad is not None) == weight.requires_grad, name
            assert weight.grad is None or weight.grad.isfinite().all(), name


@torch.no_grad()
def test_answers_are_those_of_diffusers(tiny, kind):
    """The mean, not a draw; unscaled; pixels to and from [−1, 1]; frozen parts are all there."""
    folder, reference = tiny(kind)
    model = open_model(f"diffusers:{folder}", "fp32").autoencoder
    images = torch.rand(2, 3, 64, 64)
    video = FAMILIES[kind].takes == "videos"
    answer = reference.encode((2 * images - 1)[:, :, None] if video else 2 * images - 1)
    spread = getattr(answer, "latent_dist", None)
    mean = spread.mode() if spread else getattr(answer, "latents", getattr(answer, "latent", None))
    back = reference.decode(mean, **FAMILIES[kind].words).sample
    posterior = model.encode(images)
    torch.testing.assert_close(posterior.mean, mean[:, :, 0] if video else mean)
    decoded = (back[:, :, 0] if video else back) / 2 + 0.5
    torch.testing.assert_close(model.decode(posterior.mean), decoded.clamp(0, 1))
    if model.posterior == "gaussian":
        assert spread is not None
        torch.testing.assert_close(posterior.kl().flatten(1).sum(1), _kl(spread))
    assert sum(w.numel() for w in model.parameters()) == sum(
        w.numel() for w in reference.parameters()
    )


def _kl(spread):
    return 0.5 * (spread.mean**2 + spread.var - 1 - spread.logvar).flatten(1).sum(1)


def test_the_halves_share_no_weight(tiny, kind):
    """So that a fine-tuned model can be saved, and a decoder trained alone."""
    model = open_model(f"diffusers:{tiny(kind)[0]}").autoencoder
    places = [weight.data_ptr() for weight in model.state_dict().values() if weight.numel()]
    assert len(places) == len(set(places))
    assert all(len(list(half.parameters())) for half in (model.encoder, model.decoder))

"""What every model must keep to, whatever its networks: encode, decode, and what lies between.

Subclass it in a test module and give a pytest fixture ``model``:

    class TestMyModel(ModelContract):
        @pytest.fixture
        def model(self):
            return my_model()
"""

import torch

from latentscape.models import Autoencoder
from latentscape.testing.toys import toy_images


class ModelContract:
    """Promises of `Autoencoder`, each a test."""

    def images(self, model: Autoencoder, n: int = 3) -> torch.Tensor:
        """Images the model is tried on; override to try it on its own kind."""
        return toy_images(n, model.image_shape)

    def test_encode_answers_one_latent_a_row(self, model: Autoencoder):
        """Mean, log variance, std, sample and rate all have the shape ``batch *latent``."""
        posterior = model.encode(self.images(model))
        for answer in (
            posterior.mean,
            posterior.log_var,
            posterior.std,
            posterior.sample(),
            posterior.kl(),
        ):
            assert answer.shape == (3, *model.latent_shape)
            assert answer.dtype == torch.float32

    def test_decode_answers_images_in_range(self, model: Autoencoder):
        """Decoded images have the image's shape and stay in [0, 1], far from the prior too."""
        latents = 10 * torch.randn(3, *model.latent_shape)
        images = model.decode(latents)
        assert images.shape == (3, *model.image_shape)
        assert images.dtype == torch.float32
        assert images.min() >= 0
        assert images.max() <= 1

    def test_rows_are_samples(self, model: Autoencoder):
        """In eval mode a row's answer does not depend on the rows beside it."""
        model.eval()
        images = self.images(model)
        with torch.no_grad():
            together = model.decode(model.encode(images).mean)
            alone = torch.cat([model.decode(model.encode(row[None]).mean) for row in images])
        torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)

    def test_answers_are_repeatable(self, model: Autoencoder):
        """The mean is the same each time; a sample is the same for the same generator."""
        model.eval()
        images = self.images(model)
        first, second = model.encode(images), model.encode(images)
        assert torch.equal(first.mean, second.mean)
        draws = [p.sample(torch.Generator().manual_seed(7)) for p in (first, second)]
        assert torch.equal(*draws)

    def test_rate_is_that_of_the_posterior(self, model: Autoencoder):
        """A Gaussian's rate agrees with torch.distributions; a point has none and cannot vary."""
        posterior = model.encode(self.images(model))
        if model.posterior == "point":
            assert not posterior.kl().any()
            assert not posterior.std.any()
            assert torch.equal(posterior.sample(), posterior.mean)
            return
        normal = torch.distributions.Normal(posterior.mean, posterior.std)
        prior = torch.distributions.Normal(0.0, 1.0)
        reference = torch.distributions.kl_divergence(normal, prior)
        torch.testing.assert_close(posterior.kl(), reference, atol=1e-5, rtol=1e-4)

    def test_gradients_reach_every_weight(self, model: Autoencoder):
        """A loss on the decoded image moves encoder and decoder."""
        model.train()
        images = self.images(model)
        logits = model.logits(model.encode(images).sample())
        model.likelihood.nll(logits, images).mean().backward()
        for name, weight in model.named_parameters():
            assert weight.grad is not None, name
            assert weight.grad.isfinite().all(), name

    def test_low_precision_agrees_roughly(self, model: Autoencoder):
        """Under bf16 autocast the answers are fp32 and near the full-precision ones."""
        model.eval()
        images = self.images(model)
        with torch.no_grad():
            full = model.decode(model.encode(images).mean)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                low = model.decode(model.encode(images).mean)
        assert low.dtype == torch.float32
        assert (full - low).abs().mean() < 0.02

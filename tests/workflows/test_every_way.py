"""Every way through models that were trained, of a vector and of a grid of latents."""

import numpy as np
import pytest
import torch

from latentscape.data import DataConfig
from latentscape.models import open_model
from latentscape.training import TrainConfig
from latentscape.trajectories import INTERPOLATORS
from latentscape.workflows.interpolate import interpolate
from latentscape.workflows.opening import open_subject
from latentscape.workflows.train import train

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=[5, (2, 4, 4)], ids=["vector", "grid"])
def run(request, tmp_path_factory):
    """A VAE of the digits after a few steps."""
    folder = tmp_path_factory.mktemp("every-way") / "vae"
    grid = isinstance(request.param, tuple)
    config = TrainConfig(
        network="resnet" if grid else "mlp",
        network_options={} if grid else {"hidden": [32]},
        latent=request.param if grid else (request.param,),
        epochs=1,
        batch_size=64,
        doctor="off",
    )
    train(DataConfig("digits", limit=400), config, out=folder)
    return folder


@pytest.mark.parametrize("n_steps", [2, 6])
@pytest.mark.parametrize("name", INTERPOLATORS)
def test_ends_are_the_samples_own_and_all_between_is_finite(run, name, n_steps, tmp_path):
    record = interpolate(
        run, method=name, pairs="random", n_pairs=3, n_steps=n_steps, out=tmp_path / "way"
    )
    subject = open_subject(run, None, "test")
    place = {str(name): row for row, name in enumerate(subject.images.sample_ids)}
    rows = np.array([[place[end] for end in pair] for pair in record.pairs])
    autoencoder = open_model(run).autoencoder
    with torch.inference_mode():
        means = autoencoder.encode(subject.pixels(rows.reshape(-1))).mean
        alone = torch.cat([autoencoder.decode(mean[None]) for mean in means])
        between = autoencoder.decode(torch.from_numpy(record.latents).flatten(0, 1))
    assert np.isfinite(record.latents).all()
    assert between.isfinite().all()
    ends = record.latents[:, [0, -1]].reshape(means.shape)
    np.testing.assert_allclose(ends, means.numpy(), rtol=0, atol=1e-6)
    frames = between.unflatten(0, (3, n_steps))[:, [0, -1]].flatten(0, 1)
    torch.testing.assert_close(frames, alone, rtol=0, atol=1e-6)
    np.testing.assert_allclose(
        record.frames[:, [0, -1]].reshape(alone.shape), 255 * alone.numpy(), atol=0.51
    )

"""The verb `motion`, on little runs and triplets made here."""

import numpy as np
import pytest
from PIL import Image

from latentscape.data import DataConfig
from latentscape.errors import DataError, UsageError
from latentscape.workflows.motion.subject import open_motion


def write_triplets(root, *, n=6, side=16, seed=0):
    """A square moving over noise, two triplets a shot."""
    rng = np.random.default_rng(seed)
    for k in range(n):
        folder = root / f"film_{k // 2}" / f"t{k}"
        folder.mkdir(parents=True)
        ground = rng.integers(0, 120, (side, side, 3)).astype(np.uint8)
        for frame in range(3):
            picture = ground.copy()
            left = 1 + frame * (1 + k % 3)
            picture[4:10, left : left + 6] = 230
            Image.fromarray(picture).save(folder / f"frame{frame + 1}.png")
    return DataConfig(f"triplets:{root}", size=side, test_fraction=0.34, val_fraction=0.34)


@pytest.fixture
def moving(tmp_path, make_run):
    data = write_triplets(tmp_path / "triplets")
    return make_run("m", latent=8, posterior="gaussian", data=data)


def test_latents_of_triplets_are_those_of_their_frames(moving):
    subject = open_motion(moving)
    assert len(subject) == 6
    which = np.array([4, 1])
    latents, frames = subject.latents_of(which), subject.frames_of(which)
    assert latents.shape == (2, 3, 8)
    assert frames.shape == (2, 3, 3, 16, 16)
    assert frames.dtype == np.uint8
    pixels = subject.subject.pixels(subject.triplets.rows[which].reshape(-1))
    posterior = subject.subject.model.autoencoder.encode(pixels)
    expected = posterior.mean.detach().numpy().reshape(2, 3, 8)
    np.testing.assert_allclose(latents, expected, atol=1e-5)
    assert set(subject.split_of_triplets) == {"train", "val", "test"}
    assert (np.concatenate(list(subject.chunks(size=4))) == np.arange(6)).all()


def test_images_that_do_not_move_are_refused(make_run):
    with pytest.raises(DataError, match="no moving picture"):
        open_motion(make_run("still", latent=2))


def test_two_triplets_are_too_few(tmp_path, moving):
    data = write_triplets(tmp_path / "few", n=4)
    with pytest.raises(DataError, match="too few"):
        open_motion(moving, DataConfig(data.source, size=16, limit=6))


def test_a_model_that_is_no_run_needs_a_folder(moving, monkeypatch):
    from dataclasses import replace

    from latentscape.workflows.motion import subject as room

    monkeypatch.setattr(
        room, "open_subject", lambda *words: replace(s, model=replace(s.model, folder=None))
    )
    from latentscape.workflows.opening import open_subject

    s = open_subject(moving, None, "all")
    with pytest.raises(UsageError, match="is no run"):
        open_motion(moving)

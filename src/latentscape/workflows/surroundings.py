"""What surrounds the ends of a way: the run's store or its encoded split, and the decoder."""

import numpy as np
import torch
from torch import Tensor

from latentscape.models import OpenModel
from latentscape.nn.features import feature_net
from latentscape.store import MANIFEST, Store
from latentscape.trajectories import NEEDS, Crowd, Surroundings
from latentscape.workflows.opening import Subject

MOST_LATENTS = 20_000


def surroundings_of(subject: Subject, crowd: Crowd, method: str, *, seed: int) -> Surroundings:
    """What a method reads besides its ends; latents are fetched only if it needs them.

    They are those of the run's own store of these images if there is one (of the training split
    before others), at most 20,000 by a seeded choice; else the split is encoded. Features are the
    trained net's where its weights are on this machine, else a random one's.

    Args:
        subject: The model and its images.
        crowd: The split, encoded once for all who ask.
        method: Name of the interpolator.
        seed: Of whatever is drawn.
    """
    latents = None
    if "latents" in NEEDS[method]:
        latents = _stored(subject, seed)
        latents = crowd.latents if latents is None else latents
    return surroundings_among(latents, subject.model, method, seed=seed)


def surroundings_among(
    latents: np.ndarray | None, model: OpenModel, method: str, *, seed: int
) -> Surroundings:
    """The same among latents that are at hand, ``n *latent``."""
    autoencoder = model.autoencoder.exact

    def decode(latents: Tensor) -> Tensor:
        return autoencoder.decode(latents.to(autoencoder.device, torch.float32))

    features = None
    if "features" in NEEDS[method]:
        net = feature_net(seed=seed).to(autoencoder.device)
        features = net.vectors
    return Surroundings(latents, decode=decode, features=features, seed=seed)


def _stored(subject: Subject, seed: int) -> np.ndarray | None:
    """Posterior means of the run's own stores of the same images; None where there is none."""
    folder = subject.model.folder
    if folder is None:
        return None
    data = subject.stem.removesuffix(f"-{subject.split}")
    for split in dict.fromkeys(("train", subject.split, "all")):
        place = folder / "stores" / f"{data}-{split}"
        if not (place / MANIFEST).exists():
            continue
        store = Store.open(place)
        manifest = store.manifest
        written = (manifest.model_sha256, manifest.data_fingerprint, manifest.posterior)
        if written == (subject.model.sha256, subject.images.fingerprint, "mean"):
            return store.rows(store.choice(MOST_LATENTS, seed=seed))
    return None

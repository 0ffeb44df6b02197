"""Smoothness of a model's decoder, beside prior draws and PCA's linear decoder of the same size."""

import numpy as np
import torch
from torch import Tensor

from latentscape.metrics.baselines import PCA
from latentscape.metrics.smoothness import Ground, smoothness
from latentscape.nn.features import FeatureNet, feature_net
from latentscape.records import Reference, Row, Undefined
from latentscape.records.smoothness import Smoothness
from latentscape.shapes import latent_size
from latentscape.workflows.latents import Latents
from latentscape.workflows.opening import Subject

MOST_LATENTS = 2_000
MOST_TRAIN = 10_000
MOST_AXES = 512
ROW, PRIOR = "smoothness", "smoothness at prior draws"
LINEAR = "PCA's linear decoder"
NONE = np.zeros((0, 0), np.float32)


def smoothness_of(latents: Latents, *, seed: int) -> Smoothness:
    """How evenly the decoder moves where the images are.

    Args:
        latents: Of a model's images; those of a store have no decoder, and the row says so.
        seed: Of every choice and draw.
    """
    subject = latents.subject
    if subject is None:
        row = _absent(ROW, "a store holds no decoder: measure the model instead")
        return Smoothness(
            row=row, baselines=(), singular_values=NONE, prior_singular_values=NONE,
            linear_singular_values=NONE.ravel(),
        )  # fmt: skip
    net = feature_net(seed=seed)
    chosen = np.random.default_rng(seed).permutation(len(latents))[:MOST_LATENTS]
    means = latents.means[chosen]
    row, values = smoothness(ROW, _ground(subject, means, net, seed), note="at posterior means")
    prior, prior_values = _prior(latents, net, seed)
    linear, linear_values = _linear(subject, latents, chosen, net, seed=seed)
    return Smoothness(
        row=_against(row, linear),
        baselines=(prior, linear),
        singular_values=values.astype(np.float32),
        prior_singular_values=prior_values.astype(np.float32),
        linear_singular_values=linear_values.astype(np.float32),
    )


def _ground(subject: Subject, latents: np.ndarray, net: FeatureNet, seed: int) -> Ground:
    autoencoder = subject.model.autoencoder.exact
    return Ground(
        decode=autoencoder.decode,
        latents=torch.from_numpy(np.ascontiguousarray(latents, np.float32)).to(autoencoder.device),
        seed=seed,
        distance=net.distance,
        features=net.facts.words,
    )


def _prior(latents: Latents, net: FeatureNet, seed: int) -> tuple[Row, np.ndarray]:
    if latents.subject is None or not latents.prior_matched:
        why = "nothing in training drew this model's latents towards N(0, I)"
        return _absent(PRIOR, why), NONE
    shape = (min(len(latents), MOST_LATENTS), *latents.means.shape[1:])
    drawn = np.random.default_rng(seed).standard_normal(shape, np.float32)
    return smoothness(
        PRIOR, _ground(latents.subject, drawn, net, seed), note="at draws from N(0, I)"
    )


def _linear(
    subject: Subject, latents: Latents, chosen: np.ndarray, net: FeatureNet, *, seed: int
) -> tuple[Row, np.ndarray]:
    """The same of a decoder whose Jacobian is constant: PCA of the training images.

    Its latents are given the variance that the model's have on average, so that a latent unit
    means as much in both.
    """
    train = np.flatnonzero(subject.splits == "train")
    d = latent_size(latents.means.shape[1:])
    if len(train) < 2:
        return _absent(LINEAR, "there are no training images to fit it to"), NONE.ravel()
    if d > MOST_AXES:
        return _absent(LINEAR, f"{d:,} principal axes are too many to fit here"), NONE.ravel()
    train = np.sort(np.random.default_rng(seed).permutation(train)[:MOST_TRAIN])
    pixels = subject.as_bytes(train)
    fitted = PCA.fit(pixels, d, seed=seed)
    deviations = _scores(fitted, pixels).std(0)
    unit = float(np.sqrt(latents.rows.var(0).mean())) or 1.0
    scale = np.where(deviations > 0, deviations, 1) / unit
    scores = _scores(fitted, subject.as_bytes(subject.rows[chosen])) / scale
    weight = torch.from_numpy((fitted.basis * scale).T.astype(np.float32).copy())
    mean = torch.from_numpy(fitted.mean)

    def decode(z: Tensor) -> Tensor:
        return (z @ weight).view(-1, *mean.shape) + mean

    ground = Ground(
        decode=decode,
        latents=torch.from_numpy(scores.astype(np.float32)),
        seed=seed,
        distance=net.distance,
        features=net.facts.words,
    )
    note = (
        f"{fitted.note.removesuffix(', clamped')}; each latent scaled to a deviation of {unit:.3g}"
    )
    row, values = smoothness(LINEAR, ground, note=note)
    return row, values[0] if len(values) else NONE.ravel()


def _scores(fitted: PCA, images: np.ndarray) -> np.ndarray:
    rows = images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
    return (rows - fitted.mean.ravel()) @ fitted.basis


def _against(row: Row, linear: Row) -> Row:
    """The row with each measure held against the linear decoder's."""
    held = {m.name: Reference(value=m.value, words=LINEAR) for m in linear.measures}
    measures = tuple(m.model_copy(update={"reference": held.get(m.name)}) for m in row.measures)
    return row.model_copy(update={"measures": measures})


def _absent(name: str, why: str) -> Row:
    return Row(name=name, measures=(), undefined=(Undefined(name="every measure", why=why),))

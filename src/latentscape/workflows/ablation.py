"""Does the decoder read its latent? Images decoded from their own, another image's, the prior's."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce

import numpy as np
import torch
from torch import Tensor

from latentscape.metrics.collapse_rows import Decoded
from latentscape.metrics.moments import Moments
from latentscape.workflows.latents import Latents
from latentscape.workflows.opening import BATCH, Progress, Subject, as_bytes, require_finite

N_SHOWN = 8
MOST_DECODED = 2000
MOST_TRAIN = 20_000  # images behind the mean image


@dataclass(frozen=True)
class Ablation:
    """What a decoder made of some images' latents.

    Attributes:
        decoded: The numbers, image by image.
        groups: (n,) group of each image; None where each stands alone.
        mae: Mean absolute error of the reconstructions, a value.
        shown: Originals, reconstructions and images from others' latents, uint8
            ``3 n channels height width``.
        shown_ids: Their identities.
        mean_image: uint8 ``channels height width``, of the training images.
    """

    decoded: Decoded
    groups: np.ndarray | None
    mae: float
    shown: np.ndarray
    shown_ids: tuple[str, ...]
    mean_image: np.ndarray


@torch.inference_mode()
def ablate(
    latents: Latents, subject: Subject, *, seed: int, progress: Progress | None = None
) -> Ablation:
    """Decode at most 2,000 images' latents, and in their place others'.

    The other latent is that of an image of another group, where there are groups; both are draws
    of their posteriors. Draws of N(0, I) are decoded where training drew latents to it.

    Raises:
        ModelError: If what the model decodes is not finite.
    """
    rng = np.random.default_rng(seed)
    n = min(MOST_DECODED, len(latents))
    chosen = np.sort(rng.permutation(len(latents))[:n])
    groups = None if latents.groups is None else latents.groups[chosen]
    own = _draws(latents, chosen, rng)
    codes = {"mean": latents.means[chosen], "own": own, "other": own[_strangers(n, groups, rng)]}
    if latents.prior_matched:
        codes["prior"] = rng.standard_normal(own.shape).astype(np.float32)
    shown = _of_different_groups(groups, rng.permutation(n))
    painted = _mean_image(subject, seed=seed)
    parts: list[dict[str, np.ndarray]] = []
    pictures: list[np.ndarray] = []
    originals: list[Moments] = []
    outputs: list[Moments] = []
    for here in _batches(n, progress):
        rows = subject.rows[chosen[here]]
        images = subject.pixels(rows)
        back, scores = _scores(subject, images, {k: z[here] for k, z in codes.items()}, painted)
        parts.append(scores)
        originals.append(Moments.of(images.flatten(1).cpu().numpy()))
        outputs.append(Moments.of(back["mean"].flatten(1).cpu().numpy()))
        wanted = torch.from_numpy(shown[(shown >= here.start) & (shown < here.stop)] - here.start)
        pictures.append(
            as_bytes(torch.stack([x[wanted] for x in (images, back["mean"], back["other"])]))
        )
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    own_mse, mae = (float(columns.pop(name).mean()) for name in ("own_mse", "mae"))
    return Ablation(
        decoded=Decoded(
            columns, own_mse, (reduce(Moments.merge, originals), reduce(Moments.merge, outputs))
        ),
        groups=groups,
        mae=mae,
        shown=np.concatenate(pictures, axis=1),
        shown_ids=tuple(latents.sample_ids[chosen[shown]].tolist()),
        mean_image=as_bytes(painted),
    )


def _batches(n: int, progress: Progress | None) -> Iterator[slice]:
    for start in range(0, n, BATCH):
        stop = min(n, start + BATCH)
        yield slice(start, stop)
        if progress is not None:
            progress(stop, n, "images")


def _scores(
    subject: Subject, images: Tensor, codes: dict[str, np.ndarray], painted: Tensor
) -> tuple[dict[str, Tensor], dict[str, np.ndarray]]:
    """Images decoded from each kind of latent, and one value an image of each score."""
    model = subject.model.autoencoder
    logits = {k: model.logits(torch.from_numpy(z).to(model.device)) for k, z in codes.items()}
    back = {kind: model.likelihood.mean(values) for kind, values in logits.items()}
    require_finite(subject.model.name, back["mean"], "decodes")
    nll = {kind: model.likelihood.nll(values, images) for kind, values in logits.items()}
    painted = painted.to(model.device)
    scores = {
        "mse": _mse(back["mean"], images),
        "mae": (back["mean"] - images).abs().flatten(1).mean(1),
        "own_mse": _mse(back["own"], images),
        "mean_image_mse": _mse(painted, images),
        "mse_to_mean_image": _mse(painted, back["mean"]),
    }
    for kind in codes.keys() & {"other", "prior"}:
        scores[f"mse_of_{kind}"] = _mse(back[kind], images)
        scores[f"elbo_lost_to_{kind}"] = nll[kind] - nll["own"]
    return back, {name: values.double().cpu().numpy() for name, values in scores.items()}


def _mse(a: Tensor, b: Tensor) -> Tensor:
    return (a - b).square().flatten(1).mean(1)


def _draws(latents: Latents, chosen: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One draw of each posterior; the mean of a point."""
    means = latents.means[chosen]
    if latents.log_vars is None:
        return means
    noise = rng.standard_normal(means.shape).astype(np.float32)
    return means + noise * np.exp(0.5 * latents.log_vars[chosen])


def _strangers(n: int, groups: np.ndarray | None, rng: np.random.Generator) -> np.ndarray:
    """Of each image another: one of another group, as long as no group holds half of all."""
    order = rng.permutation(n)
    if groups is not None:
        place = np.unique(groups, return_inverse=True)[1].reshape(-1)
        shuffled = rng.permutation(int(place.max()) + 1)
        order = order[np.argsort(shuffled[place[order]], kind="stable")]
    other = np.empty(n, np.int64)
    other[order] = np.roll(order, max(1, n // 2))
    return other


def _of_different_groups(groups: np.ndarray | None, order: np.ndarray) -> np.ndarray:
    """The first few places in this order, of as many groups as there are."""
    if groups is not None:
        order = order[np.sort(np.unique(groups[order], return_index=True)[1])]
    return np.sort(order[:N_SHOWN])


def _mean_image(subject: Subject, *, seed: int) -> Tensor:
    """Mean of the training images; of the split's own where there are none to train on."""
    rows = np.flatnonzero(subject.splits == "train")
    rows = rows if len(rows) else subject.rows
    if len(rows) > MOST_TRAIN:
        rows = np.sort(np.random.default_rng(seed).permutation(rows)[:MOST_TRAIN])
    total = sum(
        subject.images.pixels(rows[start : start + BATCH]).sum(0, dtype=np.float64)
        for start in range(0, len(rows), BATCH)
    )
    return torch.from_numpy(np.asarray(total / len(rows), np.float32))

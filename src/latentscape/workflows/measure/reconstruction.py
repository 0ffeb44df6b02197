"""Measure reconstruction: how well images come back, beside honest baselines."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from latentscape.data import DataConfig, ImageSet
from latentscape.errors import UsageError
from latentscape.metrics import ReconstructionScore, collapse_signs, fit_baselines, score_baselines
from latentscape.metrics.reconstruction import Drawn
from latentscape.models import Autoencoder, Likelihood, OpenModel
from latentscape.records import ReconstructionRecord, Row, read_run
from latentscape.shapes import latent_size
from latentscape.training.recipes import RECIPES, recipe_of_run, settings_of
from latentscape.workflows.opening import (
    BATCH,
    Progress,
    Subject,
    as_bytes,
    open_subject,
    require_finite,
    room_in,
)

N_SHOWN, N_WORST = 16, 16  # two rows of eight
MOST_TRAIN = 60_000


def measure_reconstruction(
    model: str | Path,
    data: str | DataConfig | None = None,
    *,
    split: str = "test",
    posterior: Drawn = "mean",
    seed: int = 0,
    out: Path | str | None = None,
    progress: Progress | None = None,
) -> ReconstructionRecord:
    """How well images come back, beside mean image, PCA and JPEG of the same size.

    Args:
        model: MODEL.
        data: DATA; the model's own images if None.
        split: ``train``, ``val``, ``test`` or ``all``. Baselines are fitted to the training split.
        posterior: What of the posterior is decoded for the pixel measures: its ``mean`` or one
            ``sample``. Distortion and ELBO always take one sample, and their notes say so.
        seed: Of posterior samples, bootstrap, the images shown and the baselines.
        out: Stem of the record's files; ``measures/`` in the model's run if None.
        progress: Called with (images done, images in all, "images").

    Raises:
        UsageError, DataError: If the words, or images and model, do not fit.
        ModelError: If what the model decodes is not finite.
    """
    if posterior not in ("mean", "sample"):
        raise UsageError(f"a posterior has no {posterior!r} to decode", "say mean or sample")
    subject = open_subject(model, data, split)
    images, rows = subject.images, subject.rows
    rng = np.random.default_rng(seed)
    shown = np.sort(rng.permutation(rows)[:N_SHOWN])
    gallery = Gallery(shown, images.images.shape[1:])
    done = 0

    def look(seen: np.ndarray, pixels: Tensor, back: Tensor) -> None:
        nonlocal done
        gallery.look(seen, pixels, back)
        done += len(seen)
        if progress is not None:
            progress(done, len(rows), "images")

    opened = subject.model
    row, per_image = _scored(
        (opened.autoencoder, opened.name), images, rows=rows, posterior=posterior, seed=seed,
        look=look,
    )  # fmt: skip
    record = ReconstructionRecord(
        provenance=subject.provenance(seed=seed, n=len(rows)).model_copy(
            update={"posterior": posterior}
        ),
        model_row=row,
        baselines=_baselines(subject, seed=seed),
        per_image=per_image,
        sample_ids=tuple(images.sample_ids[rows].tolist()),
        originals=gallery.shown[0],
        reconstructions=gallery.shown[1],
        shown_ids=tuple(images.sample_ids[shown].tolist()),
        worst_originals=gallery.worst[0],
        worst_reconstructions=gallery.worst[1],
        worst_ids=tuple(images.sample_ids[gallery.worst_rows].tolist()),
        groups=() if images.groups is None else tuple(map(str, images.groups[rows].tolist())),
        warnings=collapse_signs(row),
        likelihood=likelihood_words(opened.autoencoder.likelihood),
        objective=objective_of(opened),
    )
    suffix = "" if posterior == "mean" else "-sample"
    stem = out or room_in(opened, "measures", f"reconstruction-{subject.stem}{suffix}")
    if stem is not None:
        record.save(stem)
    return record


def score_split(model: Autoencoder, images: ImageSet, *, rows: np.ndarray, seed: int) -> Row:
    """All reconstruction measures of a model on a split, without baselines.

    Pixel errors are of the posterior mean's reconstruction; distortion and ELBO take one posterior
    draw an image, and the rate is the KL in closed form. Groups are kept whole in the bootstrap.

    Args:
        model: In eval mode.
        images: All images of the source.
        rows: Rows of the images that make the split.
        seed: Of posterior samples and bootstrap.

    Returns:
        The measures; none of an empty split, and the row's note says so.

    Raises:
        ModelError: If what the model encodes to or decodes is not finite.
    """
    if not len(rows):
        return Row(name=model.likelihood.name, measures=(), note="the split has no images")
    named = (model, model.likelihood.name)
    return _scored(named, images, rows=np.asarray(rows), posterior="mean", seed=seed)[0]


class Gallery:
    """Originals and reconstructions to look at: some chosen before, and the worst so far."""

    def __init__(self, chosen: np.ndarray, image_shape: tuple[int, ...]):
        self.chosen = chosen
        self.shown = np.zeros((2, len(chosen), *image_shape), np.uint8)
        self.worst = np.zeros((2, 0, *image_shape), np.uint8)
        self.worst_rows = np.zeros(0, np.int64)
        self._errors = np.zeros(0)

    def look(self, rows: np.ndarray, originals: Tensor, reconstructions: Tensor) -> None:
        """See a batch; keep of it what is to be shown."""
        errors = (originals - reconstructions).double().square().flatten(1).mean(1).cpu().numpy()
        places = np.searchsorted(self.chosen, rows).clip(max=len(self.chosen) - 1)
        here = self.chosen[places] == rows
        both = torch.stack((originals, reconstructions))
        self.shown[:, places[here]] = as_bytes(both[:, torch.from_numpy(here)])
        candidates = np.argsort(-errors, kind="stable")[:N_WORST]
        self._errors = np.concatenate((self._errors, errors[candidates]))
        self.worst_rows = np.concatenate((self.worst_rows, rows[candidates]))
        seen = as_bytes(both[:, torch.from_numpy(candidates.copy())])
        self.worst = np.concatenate((self.worst, seen), axis=1)
        keep = np.argsort(-self._errors, kind="stable")[:N_WORST]
        self._errors, self.worst_rows = self._errors[keep], self.worst_rows[keep]
        self.worst = self.worst[:, keep]


@torch.inference_mode()
def _scored(
    named: tuple[Autoencoder, str],
    images: ImageSet,
    *,
    rows: np.ndarray,
    posterior: Drawn,
    seed: int,
    look: Callable[[np.ndarray, Tensor, Tensor], None] | None = None,
) -> tuple[Row, dict[str, np.ndarray]]:
    """A model's row under its name, and the table of single images; `look` sees each batch."""
    model, name = named
    rng = torch.Generator(device=model.device).manual_seed(seed)
    is_point = model.posterior == "point"
    score = ReconstructionScore(likelihood=model.likelihood.name, posterior=posterior)
    for start in range(0, len(rows), BATCH):
        chosen = rows[start : start + BATCH]
        pixels = torch.from_numpy(images.pixels(chosen)).to(model.device)
        encoded = model.encode(pixels)
        require_finite(name, encoded.mean, "encodes")
        logits = model.logits(encoded.sample(rng))
        back = model.decode(encoded.mean) if posterior == "mean" else model.likelihood.mean(logits)
        require_finite(name, back, "decodes")
        score.update(
            pixels,
            back,
            nll=model.likelihood.nll(logits, pixels),
            kl=None if is_point else encoded.kl(),
            means=None if is_point else encoded.mean,
        )
        if look is not None:
            look(chosen, pixels, back)
    groups = None if images.groups is None else images.groups[rows]
    return score.compute(name, seed=seed, groups=groups)


def likelihood_words(likelihood: Likelihood) -> str:
    """A likelihood's name, with σ or b where it states one: only equal words compare."""
    stated = {"gaussian-fixed": ("σ", "sigma"), "laplace": ("b", "scale")}.get(likelihood.name)
    if stated is None:
        return likelihood.name
    return f"{likelihood.name}, {stated[0]} {getattr(likelihood, stated[1]):.3g}"


def objective_of(model: OpenModel) -> dict[str, Any]:
    """Settings of the terms a run was trained by: numbers and words only, by name."""
    if model.folder is None or model.recipe not in RECIPES:
        return {}
    shapes = model.autoencoder.image_shape, model.autoencoder.latent_shape
    try:
        settings = settings_of(
            recipe_of_run(read_run(model.folder), image_shape=shapes[0], latent_shape=shapes[1])
        )
    except UsageError:  # of another version
        return {}
    return {key: value for key, value in settings.items() if isinstance(value, int | float | str)}


def _baselines(subject: Subject, *, seed: int) -> tuple[Row, ...]:
    """The same measures of what costs nothing to train; none without training images."""
    groups = None if subject.images.groups is None else subject.images.groups[subject.rows]
    train = np.flatnonzero(subject.splits == "train")
    if len(train) < 2:
        return ()
    if len(train) > MOST_TRAIN:
        train = np.sort(np.random.default_rng(seed).permutation(train)[:MOST_TRAIN])
    n_latents = latent_size(subject.model.autoencoder.latent_shape)
    fitted = fit_baselines(subject.as_bytes(train), n_latents, seed=seed)
    return score_baselines(fitted, subject.as_bytes(subject.rows), seed=seed, groups=groups)

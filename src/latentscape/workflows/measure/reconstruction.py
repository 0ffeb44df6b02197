"""Measure reconstruction: how well images come back, beside honest baselines."""

from collections.abc import Callable
from dataclasses import dataclass
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
from latentscape.records.reconstruction_csv import write_images_csv
from latentscape.shapes import latent_size
from latentscape.training.recipes import RECIPES, recipe_of_run, settings_of
from latentscape.workflows.measure.gallery import Gallery
from latentscape.workflows.measure.parts import Parts, grouping_of_images, parts_of
from latentscape.workflows.measure.seen import Seen, names_of, seen_by
from latentscape.workflows.opening import (
    BATCH,
    SPLITS,
    Progress,
    Subject,
    open_subject,
    require_finite,
    room_in,
)

N_SHOWN = 16  # two rows of eight
MOST_TRAIN = 60_000
BATCH_VALUES = 1 << 22  # of images at once

Look = Callable[[np.ndarray, Tensor, Tensor], None]


@dataclass(frozen=True)
class ReconstructionConfig:
    """What is decoded, and what of it is measured.

    Attributes:
        posterior: What of the posterior is decoded for the pixel measures: its ``mean`` or one
            ``sample``. Distortion and ELBO always take one sample, and their notes say so.
        measures: Beside the pixel measures: ``auto``, ``plain``, ``all``, or ``lpips`` and
            ``chamfer`` by commas; see `seen_by`.
    """

    posterior: Drawn = "mean"
    measures: str = "auto"


def measure_reconstruction(
    model: str | Path,
    data: str | DataConfig | None = None,
    *,
    split: str = "test",
    config: ReconstructionConfig | None = None,
    seed: int = 0,
    out: Path | str | None = None,
    progress: Progress | None = None,
) -> ReconstructionRecord:
    """How well images come back, beside mean image, PCA and JPEG of the same size.

    Args:
        model: MODEL.
        data: DATA; the model's own images if None.
        split: ``train``, ``val``, ``test`` or ``all``, which has rows for each split too. Baselines
            are fitted to the training split.
        config: What is decoded and measured.
        seed: Of posterior samples, bootstrap, the images shown and the baselines.
        out: Stem of the record's files; ``measures/`` in the model's run if None. For a model that
            is no run, a folder laid out as a run's, which `latentscape.report` shows.
        progress: Called with (images done, images in all, "images").

    Raises:
        UsageError, DataError: If the words, or images and model, do not fit.
        ModelError: If what the model decodes is not finite, or a net asked for cannot be had.
    """
    config = config or ReconstructionConfig()
    if config.posterior not in ("mean", "sample"):
        raise UsageError(f"a posterior has no {config.posterior!r} to decode", "say mean or sample")
    names_of(config.measures)  # refused before images are read
    subject = open_subject(model, data, split)
    record = _measured(subject, config, seed=seed, progress=progress)
    suffix = "" if config.posterior == "mean" else "-sample"
    stem = _stem(subject, out, f"reconstruction-{subject.stem}{suffix}")
    if stem is not None:
        path = record.save(stem)
        write_images_csv(record, path.with_suffix(".csv"))
    return record


def _measured(
    subject: Subject, config: ReconstructionConfig, *, seed: int, progress: Progress | None
) -> ReconstructionRecord:
    """The record, not yet written."""
    images, rows = subject.images, subject.rows
    autoencoder, name = subject.model.autoencoder, subject.model.name
    looked = seen_by(
        config.measures, images.shape, n=len(rows), seed=seed, device=autoencoder.device
    )
    parts = parts_of(images, rows, subject.splits)
    drawn = np.random.default_rng(seed).permutation(rows)[:N_SHOWN]
    gallery = Gallery(np.sort(drawn), images.images.shape[1:])
    some = Gallery(rows[parts.shown(seed=seed)], images.images.shape[1:])
    done = 0

    def look(seen: np.ndarray, pixels: Tensor, back: Tensor) -> None:
        nonlocal done
        gallery.look(seen, pixels, back)
        some.look(seen, pixels, back)
        done += len(seen)
        if progress is not None:
            progress(done, len(rows), "images")

    score = _score(
        (autoencoder, name), images, rows, config.posterior, seed=seed, look=look, seen=looked
    )
    row, per_image = score.compute(name, seed=seed, groups=parts.grouping)
    row = row.model_copy(update={"undefined": (*row.undefined, *looked.missing)})
    baselines = _baselines(subject, parts, looked, seed=seed)
    return ReconstructionRecord(
        provenance=subject.provenance(seed=seed, n=len(rows)).model_copy(
            update={"posterior": config.posterior}
        ),
        model_row=row,
        baselines=tuple(_told(row, parts) for row in baselines if not row.beside),
        per_image=per_image,
        sample_ids=tuple(images.sample_ids[rows].tolist()),
        **gallery.fields(images),
        groups=_texts(parts.groups),
        grouping="" if parts.groups is None else parts.noun,
        warnings=collapse_signs(row),
        likelihood=likelihood_words(autoencoder.likelihood),
        objective=objective_of(subject.model),
        stated=_stated(subject, config, looked),
        split_baselines=tuple(row for row in baselines if row.beside),
        **_by_part(score, parts, seed=seed),
        **some.part_fields(images),
    )


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
    name, rows = model.likelihood.name, np.asarray(rows)
    score = _score((model, name), images, rows, "mean", seed=seed)
    return score.compute(name, seed=seed, groups=grouping_of_images(images, rows))[0]


@torch.inference_mode()
def _score(
    named: tuple[Autoencoder, str],
    images: ImageSet,
    rows: np.ndarray,
    posterior: Drawn,
    *,
    seed: int,
    look: Look | None = None,
    seen: Seen | None = None,
) -> ReconstructionScore:
    """The score of a model by its name, of chosen rows; `look` sees each batch."""
    model, name = named
    rng = torch.Generator(device=model.device).manual_seed(seed)
    is_point = model.posterior == "point"
    score = ReconstructionScore(likelihood=model.likelihood.name, posterior=posterior)
    n_batch = _batch(images)
    for start in range(0, len(rows), n_batch):
        chosen = rows[start : start + n_batch]
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
            more=None if seen is None else seen.model(
                np.arange(start, start + len(chosen)), pixels, back
            ),
        )  # fmt: skip
        if look is not None:
            look(chosen, pixels, back)
    return score


def _batch(images: ImageSet) -> int:
    """Images at a time: as many as elsewhere, but never more than fit a moderate memory."""
    return max(1, min(BATCH, BATCH_VALUES // images.shape.size))


def _stem(subject: Subject, out: Path | str | None, name: str) -> Path | None:
    """Where the record belongs: its stem, or a run's room, or that of a folder like a run's."""
    if out is None:
        return room_in(subject.model, "measures", name)
    is_folder = Path(out).is_dir() or subject.model.folder is None
    return Path(out) / "measures" / name if is_folder and Path(out).suffix != ".json" else Path(out)


def _told(baseline: Row, parts: Parts) -> Row:
    """A baseline of all images, with a word on those it was fitted to."""
    if parts.splits is None or "train" not in parts.splits:
        return baseline
    note = f"{baseline.note}; these are among the images here: hold it against the test split alone"
    return baseline.model_copy(update={"note": note})


def _texts(values: np.ndarray | None) -> tuple[str, ...]:
    return () if values is None else tuple(map(str, values.tolist()))


def _stated(subject: Subject, config: ReconstructionConfig, seen: Seen) -> dict[str, str]:
    """What the numbers rest on: nothing of it may be guessed."""
    images = subject.images
    is_point = subject.model.autoencoder.posterior == "point"
    told = {
        "posterior": "none: each image has one code" if is_point else config.posterior,
        "size": f"{images.shape.height}×{images.shape.width}×{images.shape.channels}",
        "resize": str(images.rule.get("resize", "none")),
        "clamped": "reconstructions to [0, 1]",
        "rounded": "originals are 8-bit, reconstructions are not rounded",
        "precision": subject.model.precision,
        "lpips": seen.words,
    }
    return {name: words for name, words in told.items() if words}


def _by_part(score: ReconstructionScore, parts: Parts, *, seed: int) -> dict[str, Any]:
    """Which part each image is of, and rows: of splits, and of films or groups, worst first."""
    fields: dict[str, Any] = {"splits": _texts(parts.splits), "films": _texts(parts.films)}
    if parts.splits is not None:
        rows = score.parts(parts.splits, seed=seed, groups=parts.grouping)
        fields["by_split"] = tuple(sorted(rows, key=lambda row: SPLITS.index(row.name)))
    if parts.grouped_by:
        names, _ = parts.worst_groups(score.column("mse"))
        rows = score.parts(names, seed=seed, groups=parts.grouping)
        fields["by_group"] = tuple(sorted(rows, key=lambda row: -row["mse"].value))
        fields["grouped_by"] = parts.grouped_by
    return fields


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


def _baselines(subject: Subject, parts: Parts, seen: Seen, *, seed: int) -> tuple[Row, ...]:
    """The same measures of what costs nothing to train; none without training images."""
    train = np.flatnonzero(subject.splits == "train")
    if len(train) < 2:
        return ()
    if len(train) > MOST_TRAIN:
        train = np.sort(np.random.default_rng(seed).permutation(train)[:MOST_TRAIN])
    n_latents = latent_size(subject.model.autoencoder.latent_shape)
    fitted = fit_baselines(subject.as_bytes(train), n_latents, seed=seed)
    return score_baselines(
        fitted, subject.as_bytes(subject.rows), seed=seed, groups=parts.grouping,
        parts=parts.splits, more=seen.baseline, batch_size=min(500, 2 * _batch(subject.images)),
    )  # fmt: skip

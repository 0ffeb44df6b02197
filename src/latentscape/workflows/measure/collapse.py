"""Measure collapse: do the latents carry anything, and if not, why, and what would mend it?"""

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np

from latentscape.data import DataConfig
from latentscape.errors import LatentscapeError
from latentscape.metrics.collapse import MIN_RATE, MIN_SPREAD, LatentSums, scaled_active
from latentscape.metrics.collapse_rows import (
    Sampling,
    activity_row,
    decoder_row,
    gaussian_kl,
    surgery_row,
)
from latentscape.metrics.surgery import Surgery, choose_codes, elbo_surgery
from latentscape.models import ModelConfig
from latentscape.records import CollapseRecord, Row, read_run
from latentscape.training.cure import Diagnosis, diagnose
from latentscape.training.history import PATH, read_history
from latentscape.training.recipes import recipe_of_run
from latentscape.training.watch import Signs
from latentscape.training.weighting import Weighting, weighting_of
from latentscape.workflows.ablation import Ablation, ablate
from latentscape.workflows.latents import Latents, open_latents
from latentscape.workflows.opening import Progress, Subject

THRESHOLDS = (
    f"collapsed: rate < {MIN_RATE:g} nat, or no unit with a variance over .01, or reconstructions "
    f"that vary < {100 * MIN_SPREAD:g} % as much as images"
)
NO_DECODER = "a store holds latents and no decoder: measure the model to have it judged"


def measure_collapse(
    thing: str | Path,
    data: str | DataConfig | None = None,
    *,
    split: str | None = None,
    seed: int = 0,
    out: Path | str | None = None,
    progress: Progress | None = None,
) -> CollapseRecord:
    """Diagnose a model: rate, units, the rate taken apart, what the decoder reads; and the cure.

    Args:
        thing: MODEL, or a store of its latents (which has no decoder to be judged).
        data: DATA; the model's own images if None.
        split: ``train``, ``val``, ``test`` or ``all``; ``test``, or a store's own, if None. At most
            2,000 of its images are decoded.
        seed: Of posterior and prior draws, of the images shown and of the bootstrap.
        out: Stem of the record's files; ``measures/`` in the model's run if None.
        progress: Called with (images done, images in all, "images").

    Raises:
        UsageError, DataError, StoreError, ModelError: As opening model and images does.
    """
    latents = open_latents(thing, data, split=split, seed=seed, progress=progress)
    flat, log_vars = latents.rows, latents.log_vars
    log_vars = None if log_vars is None else log_vars.reshape(flat.shape)
    surgery, surgery_line = _surgery(latents, seed=seed)
    activity = activity_row(
        flat, log_vars, pulled=latents.prior_matched, sampling=Sampling(seed, latents.groups)
    )
    ablation, decoder, weighting, diagnosis = None, Row(name="decoder", measures=()), None, None
    if latents.subject is not None:
        ablation = ablate(latents, latents.subject, seed=seed, progress=progress)
        decoder = decoder_row(ablation.decoded, sampling=Sampling(seed, ablation.groups))
        weighting, convention = _weighting(latents.subject)
        diagnosis = _diagnosis((activity, decoder), ablation, weighting, (latents, convention))
    record = CollapseRecord(
        provenance=latents.provenance,
        finding="unknown" if diagnosis is None else diagnosis.finding,
        verdict=NO_DECODER if diagnosis is None else diagnosis.verdict,
        cure="" if diagnosis is None else diagnosis.cure,
        thresholds=THRESHOLDS,
        activity=activity,
        surgery=surgery_line,
        decoder=decoder,
        kl_per_unit=np.zeros(0) if log_vars is None else gaussian_kl(flat, log_vars).mean(0),
        active=_active(flat, log_vars, pulled=latents.prior_matched),
        marginal_per_unit=np.zeros(0) if surgery is None else surgery.per_unit,
        cap=0.0 if surgery is None else surgery.cap,
        beta={} if weighting is None else weighting.elsewhere(),
        **_pictures(ablation),
    )
    stem = out or latents.room("measures", f"collapse-{latents.stem}")
    if stem is not None:
        record.save(stem)
    return record


def _surgery(latents: Latents, *, seed: int) -> tuple[Surgery | None, Row]:
    """The surgery, where posteriors have a width, and its row."""
    chosen = choose_codes(len(latents), latents.rows.shape[1], seed=seed)
    log_vars = latents.log_vars
    if log_vars is None:
        log_vars = np.full_like(latents.means, -np.inf)
    found: list[Surgery] = []

    def make() -> Surgery:
        found.append(elbo_surgery(latents.means[chosen], log_vars[chosen], seed=seed))
        return found[0]

    groups = None if latents.groups is None else latents.groups[chosen]
    row = surgery_row(make, sampling=Sampling(seed, groups), total=len(latents))
    return (found[0] if found else None), row


def _active(flat: np.ndarray, log_vars: np.ndarray | None, *, pulled: bool) -> np.ndarray:
    sums = LatentSums.of(flat, np.zeros_like(flat))
    noise = None if log_vars is None else np.exp(log_vars.astype(np.float64)).mean(0)
    return sums.active if pulled else scaled_active(sums.means.variance, noise)


def _weighting(subject: Subject) -> tuple[Weighting | None, str | None]:
    """How the run weighed its rate when it ended, and the convention its β was written in."""
    folder = subject.model.folder
    about = {} if folder is None else read_run(folder)
    told = about.get("training")
    if folder is None or told is None:
        return None, None
    convention = told.get("beta_convention")
    try:
        model = ModelConfig.from_json(about["model"])
        recipe = recipe_of_run(
            about, image_shape=model.image_shape, latent_shape=model.latent_shape
        )
        train = np.flatnonzero(subject.splits == "train")
        weighting = weighting_of(subject.images, train, recipe=recipe, model=model)
        if weighting is None or not (folder / PATH).exists():
            return weighting, convention
        betas = read_history(folder).columns.get("beta", ())
        return (replace(weighting, beta=betas[-1]) if betas else weighting), convention
    except LatentscapeError as error:  # damaged, or of another version
        warnings.warn(f"{error.message}; the run's β is not judged", stacklevel=3)
        return None, convention


def _diagnosis(
    rows: tuple[Row, Row],
    ablation: Ablation,
    weighting: Weighting | None,
    run: tuple[Latents, str | None],
) -> Diagnosis:
    latents, convention = run
    found = {m.name: m.value for row in rows for m in row.measures}
    signs = Signs(
        rate=found.get("rate"),
        active_units=int(found.get("active_units", found.get("active_units_scaled", 0))),
        output_share=found.get("reconstruction_spread", 0.0),
    )
    return diagnose(
        signs,
        weighting,
        errors=(found["mse"], ablation.mae),
        recipe=latents.provenance.recipe,
        convention=convention,
    )


def _pictures(ablation: Ablation | None) -> dict:
    if ablation is None:
        none = np.zeros((3, 0, 1, 1, 1), np.uint8)
        shown, mean_image, ids = none, none[0, 0:0].reshape(0, 1, 1), ()
    else:
        shown, mean_image, ids = ablation.shown, ablation.mean_image, ablation.shown_ids
    named = dict(zip(("originals", "reconstructions", "others"), shown, strict=True))
    return {**named, "mean_image": mean_image, "shown_ids": ids}

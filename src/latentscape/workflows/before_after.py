"""A model before and after fine-tuning, measured in one pass over the same images."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from latentscape.errors import TrainingError, UndefinedError
from latentscape.metrics import ReconstructionScore, bootstrap_intervals, measured
from latentscape.metrics.collapse import LatentSums, scaled_active
from latentscape.metrics.drift import Drift, latent_drift, rate_kept
from latentscape.metrics.interval import Groups
from latentscape.models import Autoencoder, ModelConfig, OpenModel
from latentscape.objectives import KL
from latentscape.records import (
    Difference,
    FineTuneRecord,
    Measure,
    Provenance,
    Row,
    Undefined,
)
from latentscape.records.side_by_side import OF_ONE_LIKELIHOOD
from latentscape.training.cure import diagnose
from latentscape.training.recipes import Recipe, prior_matched
from latentscape.training.watch import Signs
from latentscape.training.weighting import figure
from latentscape.workflows.fit import Plan
from latentscape.workflows.measure.parts import grouping_of_images
from latentscape.workflows.measure.reconstruction import likelihood_words
from latentscape.workflows.measure.seen import Seen, seen_by
from latentscape.workflows.opening import Subject, as_bytes, require_finite

N_SHOWN = 8
WEIGHTS = (
    *("beta", "perceptual", "equivariance", "patch_weight"),
    *("weight", "scale", "decoder_weight", "latent_weight"),
)
Words = tuple[str, str]  # a verdict and its cure
MEASURE_OF = {"psnr": "psnr_mean"}  # a column of single images to the measure that is its mean


@dataclass(frozen=True)
class Told:
    """How training ended, and with which error if it collapsed."""

    stopped: str
    collapse: TrainingError | None = None


@dataclass
class _Side:
    """One of the two models, and what is gathered of it."""

    model: Autoencoder
    name: str
    score: ReconstructionScore
    means: list[np.ndarray] = field(default_factory=list)
    noise: list[np.ndarray] = field(default_factory=list)
    shown: list[np.ndarray] = field(default_factory=list)

    @classmethod
    def of(cls, model: OpenModel, name: str) -> "_Side":
        """Nothing gathered yet."""
        autoencoder = model.autoencoder.eval()
        return cls(autoencoder, name, ReconstructionScore(likelihood=autoencoder.likelihood.name))

    def look(
        self, places: np.ndarray, pixels: torch.Tensor, rng: torch.Generator, *, seen: Seen,
        shown: np.ndarray,
    ) -> None:  # fmt: skip
        """See a batch, at its places among all; `shown` says which of it are to be kept."""
        model, is_point = self.model, self.model.posterior == "point"
        encoded = model.encode(pixels)
        require_finite(self.name, encoded.mean, "encodes")
        back, logits = model.decode(encoded.mean), model.logits(encoded.sample(rng))
        require_finite(self.name, back, "decodes")
        self.score.update(
            pixels, back, nll=model.likelihood.nll(logits, pixels),
            kl=None if is_point else encoded.kl(), means=None if is_point else encoded.mean,
            more=seen.model(places, pixels, back),
        )  # fmt: skip
        self.means.append(encoded.mean.cpu().numpy())
        if not is_point:
            self.noise.append(encoded.log_var.double().exp().flatten(1).mean(0).cpu().numpy())
        self.shown.append(as_bytes(back[torch.from_numpy(shown).to(back.device)]))


def before_and_after(subject: Subject, after: OpenModel, plan: Plan, told: Told) -> FineTuneRecord:
    """Measure both models on the subject's images.

    Pixel errors are of the posterior mean's reconstruction; distortion takes one draw an image.

    Args:
        subject: The base, and the images.
        after: The model that came of it.
        plan: Of its training.
        told: How that ended.
    """
    seed, rows = plan.config.seed, subject.rows
    sides = (_Side.of(subject.model, "before"), _Side.of(after, "after"))
    groups = grouping_of_images(subject.images, rows)
    is_shown = _shown(len(rows), None if groups is None else groups.of, seed=seed)
    _gather(subject, sides, is_shown, seed=seed)
    (before, mine), (now, theirs) = (
        side.score.compute(side.name, seed=seed, groups=groups) for side in sides
    )
    old, new = (np.concatenate(side.means) for side in sides)
    noise = float(np.mean(sides[0].noise)) if sides[0].noise else None
    drift = _drift(old, new, noise=noise, seed=seed, groups=groups)
    likelihoods = tuple(likelihood_words(side.model.likelihood) for side in sides)
    rates = []
    if _has_rate(mine):
        rates.append(rate_kept(mine["rate"], theirs["rate"], seed=seed, groups=groups))
    active = (
        _active(sides[0], old, pulled=_pulled(subject.model)),
        _active(sides[1], new, pulled=_pulled(subject.model)),
    )
    n_active = (int(active[0].sum()), int(active[1].sum()))
    verdict, cure = _verdict((before, now), plan, told, n_active=n_active)
    base = plan.base or {}
    return FineTuneRecord(
        provenance=_provenance(subject, after, plan),
        base=base.get("name", subject.model.name),
        base_sha256=base.get("sha256", subject.model.sha256),
        trained=plan.config.trains,
        objective=objective_words(plan.recipe, plan.description),
        stopped=told.stopped,
        verdict=verdict,
        cure=cure,
        before=before,
        after=now,
        likelihoods=(likelihoods[0], likelihoods[1]),
        differences=tuple(
            difference
            for difference in _differences((mine, before), (theirs, now), seed=seed, groups=groups)
            if difference.name not in OF_ONE_LIKELIHOOD or likelihoods[0] == likelihoods[1]
        ),
        drift=_drift_row(drift, active, rates, n=len(rows)),
        moved=np.zeros(0) if isinstance(drift, str) else drift.moved,
        kept=np.zeros(0) if isinstance(drift, str) else drift.kept,
        active_before=active[0],
        active_after=active[1],
        originals=subject.as_bytes(rows[is_shown]),
        befores=np.concatenate(sides[0].shown),
        afters=np.concatenate(sides[1].shown),
        shown_ids=tuple(subject.images.sample_ids[rows[is_shown]].tolist()),
    )


@torch.inference_mode()
def _gather(
    subject: Subject, sides: tuple[_Side, _Side], is_shown: np.ndarray, *, seed: int
) -> None:
    device = subject.model.autoencoder.device
    seen = seen_by("auto", subject.images.shape, n=len(subject.rows), seed=seed, device=device)
    rngs = [torch.Generator(device=device).manual_seed(seed) for _ in sides]
    done = 0
    for batch, pixels in subject.batches():
        shown = np.flatnonzero(is_shown[done : done + len(batch)])
        for side, rng in zip(sides, rngs, strict=True):
            places = np.arange(done, done + len(batch))
            side.look(places, pixels, rng, seen=seen, shown=shown)
        done += len(batch)


def _shown(n: int, groups: np.ndarray | None, *, seed: int) -> np.ndarray:
    """(n,) which images are shown: drawn at random, one of each group before a second of any."""
    order = np.random.default_rng(seed).permutation(n)
    if groups is not None:
        turn = np.zeros(n, int)
        for group in np.unique(groups):
            mine = order[groups[order] == group]
            turn[mine] = np.arange(len(mine))
        order = order[np.argsort(turn[order], kind="stable")]
    return np.isin(np.arange(n), order[:N_SHOWN])


def _has_rate(columns: dict[str, np.ndarray]) -> bool:
    return "rate" in columns and bool(columns["rate"].sum() > 0)


def objective_words(recipe: Recipe, model: ModelConfig) -> tuple[str, ...]:
    """The objective's terms, each with its weight, in words."""
    words = []
    source = "its one code" if model.posterior == "point" else "a draw of the posterior"
    for term in recipe.terms:
        weight = next((n for n in WEIGHTS if isinstance(getattr(term, n, None), int | float)), "")
        name = {"kl": "KL", "perceptual": "LPIPS"}.get(term.name, term.name.replace("_", " "))
        if isinstance(term, KL) and term.capacity is not None:
            words.append(f"{figure(term.gamma)} · |KL − {figure(term.capacity)} nat|")
        elif term.name == "reconstruction":
            words.append(f"reconstruction ({model.likelihood}, from {source})")
        else:
            words.append(f"{figure(getattr(term, weight))} · {name}" if weight else name)
    return tuple(words)


def _provenance(subject: Subject, after: OpenModel, plan: Plan) -> Provenance:
    return subject.provenance(seed=plan.config.seed, n=len(subject.rows)).model_copy(
        update={
            "model": after.name,
            "recipe": plan.config.recipe,
            "model_sha256": after.sha256,
        }
    )


def _drift(
    old: np.ndarray, new: np.ndarray, *, noise: float | None, seed: int, groups: Groups | None
) -> Drift | str:
    """How far latents moved; a sentence where that is not defined."""
    try:
        return latent_drift(old, new, noise=noise, seed=seed, groups=groups)
    except UndefinedError as error:
        return error.message


def _drift_row(
    drift: Drift | str, active: tuple[np.ndarray, np.ndarray], rates: list[Measure], *, n: int
) -> Row:
    before, after = active
    units = [
        *rates,
        measured("units_lost", int((before & ~after).sum()), n=n),
        measured("units_gained", int((after & ~before).sum()), n=n),
    ]
    if isinstance(drift, str):
        undefined = tuple(
            Undefined(name=name, why=drift)
            for name in ("latent_drift", "latents_kept", "latent_cka")
        )
        return Row(name="latents", measures=tuple(units), undefined=undefined)
    return Row(name="latents", measures=(*drift.measures, *units), undefined=drift.undefined)


def _pulled(model: OpenModel) -> bool:
    posterior = model.autoencoder.posterior
    return posterior == "gaussian" and prior_matched(model.recipe, posterior=posterior)


def _active(side: _Side, means: np.ndarray, *, pulled: bool) -> np.ndarray:
    flat = means.reshape(len(means), -1)
    sums = LatentSums.of(flat, np.zeros_like(flat))
    noise = np.mean(side.noise, axis=0) if side.noise else None
    return sums.active if pulled else scaled_active(sums.means.variance, noise)


def collapse_since(record: FineTuneRecord) -> str | None:
    """The first sign of collapse that the model after shows and the one before did not."""
    was, came = (
        _signs(row, n_active=int(active.sum()))
        for row, active in (
            (record.before, record.active_before),
            (record.after, record.active_after),
        )
    )
    return came.collapse(was)


def _signs(row: Row, *, n_active: int) -> Signs:
    found = {m.name: m.value for m in row.measures}
    return Signs(
        rate=found.get("rate"),
        active_units=n_active,
        output_share=found.get("reconstruction_spread", 1.0),
    )


def _verdict(rows: tuple[Row, Row], plan: Plan, told: Told, *, n_active: tuple[int, int]) -> Words:
    """What the collapse doctor says of the model that came out beside its base, and its advice."""
    if told.collapse is not None:
        return told.collapse.message, told.collapse.hint or ""
    was, came = (_signs(row, n_active=n) for row, n in zip(rows, n_active, strict=True))
    if came.collapse() is not None and came.collapse(was) is None:
        before, now = ("; ".join(signs.sentences().values()) for signs in (was, came))
        name = (plan.base or {}).get("name", "the base")
        return (
            f"the base was so already: {before}; and after: {now}",
            f"look at {name} by measure collapse, and begin with a base that carries something; "
            "or train longer",
        )
    if came.collapse() is not None and plan.config.trains == "decoder":
        came = replace(came, rate=None)  # the encoder is the base's: it is the decoder that broke
    diagnosis = diagnose(
        came,
        plan.weighting(),
        errors=(rows[1]["mse"].value, rows[1]["mae"].value),
        recipe=plan.config.recipe,
        convention=plan.config.beta_convention,
    )
    return f"{diagnosis.finding}: {diagnosis.verdict}", diagnosis.cure


Scored = tuple[dict[str, np.ndarray], Row]


def _differences(
    before: Scored, after: Scored, *, seed: int, groups: Groups | None
) -> Iterator[Difference]:
    """After less before of each column of single images, by a paired bootstrap.

    None of fewer than eight images of known groups, of which nothing can be said.
    """
    known = {m.name: m for m in after[1].measures}
    columns = {
        MEASURE_OF.get(name, name): values - before[0][name]
        for name, values in after[0].items()
        if name in before[0] and MEASURE_OF.get(name, name) in known
    }
    for name, at in bootstrap_intervals(columns, seed=seed, groups=groups).items():
        finite = columns[name][np.isfinite(columns[name])]
        if len(finite):
            yield Difference(
                topic=FineTuneRecord.kind, run="after", against="before", name=name,
                unit=known[name].unit, better=known[name].better,
                value=float(finite.mean()), low=at.low, high=at.high,
                interval=f"{at.words}, each image with both of its values", n=len(finite),
            )  # fmt: skip

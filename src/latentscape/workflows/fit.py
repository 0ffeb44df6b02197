"""Fit: what `train` and `finetune` have in common, from a plan to the record of a run."""

import warnings
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric

from latentscape.data import DataConfig, ImageSet
from latentscape.data.augment import augmented_copies
from latentscape.errors import DataError, RunError, TrainingError
from latentscape.models import Autoencoder, ModelConfig
from latentscape.models.likelihood import GaussianFixed, GaussianLearned
from latentscape.models.saved import save_weights
from latentscape.objectives import Objective, Sizes
from latentscape.records import (
    RUN_FILE,
    HistoryRecord,
    Measure,
    Provenance,
    RunRecord,
    refusal,
)
from latentscape.training import TrainConfig
from latentscape.training.doctor import Doctor
from latentscape.training.feed import Feed
from latentscape.training.folder import check_images, continue_run, describe_run, update_run
from latentscape.training.hardware import device_name
from latentscape.training.learner import Learner
from latentscape.training.loggers import check_loggers, open_loggers
from latentscape.training.loop import Listener, Loop
from latentscape.training.recipes import Recipe, rate_term
from latentscape.training.weighting import Weighting, weighting_of
from latentscape.workflows.measure.reconstruction import score_split
from latentscape.workflows.opening import Say, unheard

RECORD = "record"
COLLAPSED = "collapsed"
WORDS = {"train": "train on", "val": "validate on", "test": "test on"}


@dataclass(frozen=True)
class Plan:
    """Everything that a training begins with.

    Attributes:
        images: All images of the source.
        rows: Rows of each split.
        data: How the images were loaded.
        config: How the model is trained.
        recipe: What the config asks for.
        description: Of the model, for run.json.
        model: With the weights to begin with.
        base: What these come from, for run.json; None where they were drawn.
        base_rate: Nats an image that the base's latents cost; None where there are none.
    """

    images: ImageSet
    rows: dict[Any, np.ndarray]
    data: DataConfig
    config: TrainConfig
    recipe: Recipe
    description: ModelConfig
    model: Autoencoder
    base: dict[str, Any] | None = None
    base_rate: float | None = None

    def require_fit(self) -> None:
        """Refuse images and models that this training cannot use, before anything is written.

        Raises:
            DataError: If a split is empty, or classes are wanted and missing.
            UsageError: If the model is none that a term can be asked of.
        """
        images, recipe = self.images, self.recipe
        for split in ("train", "val", "test"):
            if not len(self.rows[split]):
                raise DataError(
                    f"{images.name} leaves no images to {WORDS[split]}",
                    f"give more images, or --set {split.replace('train', 'test')}_fraction=0.2",
                )
        for term in recipe.terms:
            term.require_fit(self.model)
        if not recipe.needs_labels:
            return
        n_classes = len(set(images.labels.tolist()) - {-1})
        if n_classes < 2:
            raise DataError(
                f"the recipe {recipe.name} learns from classes; {images.name} has {n_classes}",
                "give labelled images of two classes or more, or use --recipe vae",
            )

    def weighting(self) -> Weighting | None:
        """How the rate is weighed; None where it has no β, or the decoder alone is trained."""
        if self.config.trains == "decoder":
            return None
        return weighting_of(
            self.images, self.rows["train"], recipe=self.recipe, model=self.description
        )


def fit(
    plan: Plan,
    *,
    fabric: Fabric,
    folder: Path,
    listeners: tuple[Listener, ...] = (),
    say: Say | None = None,
) -> RunRecord:
    """Train as planned, from the start or from where a stopped run stood.

    Args:
        plan: What with, and how.
        fabric: Launched.
        folder: The run's; one that `check_folder` has found fit.
        listeners: Hear each step and epoch.
        say: Told what β comes to, line by line, before training begins.

    Raises:
        DataError: If the images are too few.
        TrainingError: If the loss breaks or the run collapses; the last checkpoint is kept.
        RunError: If the folder cannot be written.
    """
    loop = _loop(plan, fabric, folder)
    begun = (folder / RUN_FILE).exists()
    if begun:
        check_images(folder, plan.images)
        loop.restore()
    fabric.barrier()
    config = plan.config
    try:
        if fabric.is_global_zero:
            if begun:
                continue_run(folder, config)
            else:
                describe_run(
                    folder, plan.images, plan.data, config=config, model=plan.description,
                    base=plan.base,
                )  # fmt: skip
        with open_loggers(config.loggers if fabric.is_global_zero else (), folder) as loggers:
            loop.listeners = (*listeners, *loggers) if fabric.is_global_zero else ()
            if fabric.is_global_zero:
                _forewarn(loop.doctor.weighting, say or unheard)
            return _run(loop, plan)
    except OSError as error:
        raise RunError(
            f"the run {folder} could not be written: {refusal(error)}",
            "make room or choose another --out; then go on with --resume",
        ) from error


def _loop(plan: Plan, fabric: Fabric, folder: Path) -> Loop:
    images, data, config, recipe, model = (
        plan.images, plan.data, plan.config, plan.recipe, plan.model,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        sizes = Sizes(images.shape, model.latent_shape, n_train=len(plan.rows["train"]))
        objective = Objective(recipe.terms, sizes)
    model.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    if config.compile:
        model.encoder.compile()
        model.decoder.compile()
    training, train_rows = _augmented(images, plan.rows["train"], data)
    on_the_fly = data.augment if data.copies == 0 else ()
    feeds = (
        Feed(training, train_rows, device=fabric.device, augment=on_the_fly),
        Feed(images, plan.rows["val"], device=fabric.device),
    )
    if len(feeds[0]) < fabric.world_size:
        raise DataError(
            f"{len(feeds[0])} images are too few for {fabric.world_size} processes", "start fewer"
        )
    check_loggers(config.loggers)
    weighted = replace(config, weight_decay=max(config.weight_decay, recipe.weight_decay))
    loop = Loop(
        Learner(model, objective, trains=config.trains),
        feeds,
        config=weighted,
        fabric=fabric,
        folder=folder,
        doctor=Doctor(config, plan.weighting(), rate_term(recipe), base_rate=plan.base_rate),
    )
    loop.begins_trained = plan.base is not None
    return loop


def _forewarn(weighting: Weighting | None, say: Say) -> None:
    """Say what β comes to, and warn where it is far off."""
    if weighting is None:
        return
    for line in weighting.table():
        say(line)
    warning = weighting.warning()
    if warning is not None:
        warnings.warn(warning, stacklevel=3)


def _augmented(images: ImageSet, rows: Any, data: DataConfig) -> tuple[ImageSet, Any]:
    """Training images with n-fold augmented copies behind them; the split comes first."""
    if not data.augment or data.copies == 0:
        return images, rows
    chosen = images.take(rows)
    copies = augmented_copies(chosen.images, data.augment, copies=data.copies, seed=data.seed)
    whole = replace(
        chosen,
        images=np.concatenate((chosen.images, copies)),
        labels=np.tile(chosen.labels, 1 + data.copies),
    )
    return whole, np.arange(len(whole.images))


def _run(loop: Loop, plan: Plan) -> RunRecord:
    """Run the loop; write weights, snapshots' film, test scores and the record."""
    folder, broken = loop.folder, None
    try:
        stopped = loop.run()
    except TrainingError as error:
        if loop.fabric.is_global_zero:
            update_run(folder, state=f"failed: {error.message}")
        if plan.base is None or not _is_finite(loop.final_model()):
            raise
        broken, stopped = error, COLLAPSED  # what became of the base is worth a look
    model = loop.final_model().eval()
    if not loop.fabric.is_global_zero:
        if broken is not None:
            raise broken
        return _record(loop, plan, stopped, ())
    sha256 = save_weights(model, folder / "model.safetensors")
    update_run(folder, weights_sha256=sha256, **({} if broken else {"state": stopped}))
    test: tuple[Measure, ...] = ()
    if stopped != "interrupted":
        loop.snapshots.finish()
        rows = plan.rows["test"]
        test = score_split(model, plan.images, rows=rows, seed=plan.config.seed).measures
    record = _record(loop, plan, stopped, test)
    record.save(folder / RECORD)
    if broken is not None:
        raise broken
    return record


def _is_finite(model: Autoencoder) -> bool:
    return all(bool(torch.isfinite(weight).all()) for weight in model.parameters())


def _record(loop: Loop, plan: Plan, stopped: str, test: tuple[Measure, ...]) -> RunRecord:
    images, config = plan.images, plan.config
    columns = loop.progress.history
    speeds = [speed for speed in columns.get("images_per_second", ()) if speed > 0] or [0.0]
    return RunRecord(
        folder=str(loop.folder),
        provenance=Provenance(
            model=loop.folder.name,
            recipe=config.recipe,
            data=images.name,
            split="test",
            n=test[0].n if test else 0,
            seed=config.seed,
            latent_shape=plan.model.latent_shape,
            fingerprint=images.fingerprint,
        ),
        config={"training": config.to_json(), "data": asdict(plan.data)},
        n_parameters=sum(p.numel() for p in loop.learner.model.parameters()),
        history=HistoryRecord(columns={k: tuple(v) for k, v in columns.items()}),
        test=test,
        n_images={name: len(chosen) for name, chosen in plan.rows.items()},
        images_per_second=sorted(speeds)[len(speeds) // 2],
        stopped=stopped,
        beta=_beta_elsewhere(loop),
        device=device_name(loop.fabric.device),
        precision=loop.fabric._precision.precision,
        warnings=(
            *(f"skipped {s.path}: {s.reason}" for s in images.skipped),
            *filter(None, [loop.doctor.weighting and loop.doctor.weighting.warning()]),
            *loop.progress.notes,
        ),
    )


def _beta_elsewhere(loop: Loop) -> dict[str, float]:
    """The run's β as other programs would write it; empty where no term has one."""
    weighting, likelihood = loop.doctor.weighting, loop.learner.model.likelihood
    if weighting is None or not isinstance(likelihood, GaussianLearned | GaussianFixed):
        return {}
    learned = isinstance(likelihood, GaussianLearned)
    sigma = float(likelihood.log_sigma.exp()) if learned else likelihood.sigma
    weighting = replace(weighting, beta=weighting.beta * loop.progress.rate_share)
    return weighting.in_conventions(sigma)

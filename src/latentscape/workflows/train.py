"""Train: images in, a run folder out."""

import warnings
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric

from latentscape.data import DataConfig, ImageSet, load_images, split_rows
from latentscape.data.augment import augmented_copies
from latentscape.errors import DataError, RunError, TrainingError
from latentscape.models import ModelConfig, build_model
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
from latentscape.training.folder import (
    check_folder,
    check_images,
    continue_run,
    describe_run,
    update_run,
)
from latentscape.training.hardware import device_name, make_fabric
from latentscape.training.learner import Learner
from latentscape.training.loggers import check_loggers, open_loggers
from latentscape.training.loop import Listener, Loop
from latentscape.training.recipes import Recipe, rate_term, recipe_named, recipe_of
from latentscape.training.together import as_launched
from latentscape.training.weighting import Weighting, weighting_of
from latentscape.workflows.measure.reconstruction import score_split

RECORD = "record"
WORDS = {"train": "train on", "val": "validate on", "test": "test on"}


def train(
    data: str | DataConfig,
    config: TrainConfig | None = None,
    *,
    out: Path | str,
    resume: bool = False,
    listeners: tuple[Listener, ...] = (),
    progress: Callable[[int, int], None] | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> RunRecord:
    """Train a model and leave a run folder.

    Args:
        data: What to train on; a name stands for a `DataConfig` with the run's seed.
        config: How; None for the defaults.
        out: The run folder to make.
        resume: Go on where a stopped run stood; the result equals that of an unbroken one.
        listeners: Hear each step and epoch.
        progress: Told how many images are read, where that takes long.
        say: Told what β comes to, line by line, before training begins.

    Raises:
        UsageError: If the words do not fit: an unknown name, a folder in use.
        TrainingError: If the loss breaks or the run collapses; the last checkpoint is kept.
    """
    config = as_launched(config or TrainConfig())
    data = DataConfig(data, seed=config.seed) if isinstance(data, str) else data
    folder = Path(out)
    recipe_named(config.recipe, **config.recipe_options)  # wrong words show before images are read
    fabric = make_fabric(config)
    check_folder(folder, data, config, resume=resume)
    fabric.barrier()  # every process has looked before the first one writes
    with warnings.catch_warnings():
        if not fabric.is_global_zero:  # one process tells of skipped files
            warnings.simplefilter("ignore")
        images = load_images(data, progress=progress if fabric.is_global_zero else None)
    rows = split_rows(images, data)
    recipe = recipe_of(config, images.shape)
    _check_fit(recipe, images, rows)
    model = model_for(images, recipe, config)
    loop = _build_loop(images, rows, (data, config, recipe, model), fabric, folder)
    begun = (folder / RUN_FILE).exists()
    if begun:
        check_images(folder, images)
        loop.restore()
    fabric.barrier()
    try:
        if fabric.is_global_zero:
            if begun:
                continue_run(folder, config)
            else:
                describe_run(folder, images, data, config=config, model=model)
        with open_loggers(config.loggers if fabric.is_global_zero else (), folder) as loggers:
            loop.listeners = (*listeners, *loggers) if fabric.is_global_zero else ()
            if fabric.is_global_zero:
                _forewarn(loop.doctor.weighting, say)
            return _finish(loop, images, rows, (data, config))
    except OSError as error:
        raise RunError(
            f"the run {folder} could not be written: {refusal(error)}",
            "make room or choose another --out; then go on with --resume",
        ) from error


def model_for(images: ImageSet, recipe: Recipe, config: TrainConfig) -> ModelConfig:
    """The model's description for these images; the likelihood by data where nobody chose."""
    by_data = "bernoulli" if images.is_nearly_binary() else "gaussian"
    likelihood = config.likelihood or recipe.likelihood or by_data
    return ModelConfig(
        network=config.network,
        image_shape=images.shape,
        latent_shape=config.latent_shape,
        posterior=recipe.posterior,
        likelihood=likelihood,
        likelihood_scale=recipe.likelihood_scale
        if config.likelihood_scale is None
        else config.likelihood_scale,
        options=config.network_options,
    )


def _build_loop(
    images: ImageSet,
    rows: dict[Any, Any],
    configs: tuple[DataConfig, TrainConfig, Recipe, ModelConfig],
    fabric: Fabric,
    folder: Path,
) -> Loop:
    data, config, recipe, model_config = configs
    model = build_model(model_config, seed=config.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        sizes = Sizes(images.shape, config.latent_shape, n_train=len(rows["train"]))
        objective = Objective(recipe.terms, sizes)
    model.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    if config.compile:
        model.encoder.compile()
        model.decoder.compile()
    training, train_rows = _augmented(images, rows["train"], data)
    on_the_fly = data.augment if data.copies == 0 else ()
    feeds = (
        Feed(training, train_rows, device=fabric.device, augment=on_the_fly),
        Feed(images, rows["val"], device=fabric.device),
    )
    if len(feeds[0]) < fabric.world_size:
        raise DataError(
            f"{len(feeds[0])} images are too few for {fabric.world_size} processes", "start fewer"
        )
    check_loggers(config.loggers)
    weighted = replace(config, weight_decay=max(config.weight_decay, recipe.weight_decay))
    return Loop(
        Learner(model, objective),
        feeds,
        config=weighted,
        fabric=fabric,
        folder=folder,
        doctor=Doctor(
            config,
            weighting_of(images, rows["train"], recipe=recipe, model=model_config),
            rate_term(recipe),
        ),
    )


def _forewarn(weighting: Weighting | None, say: Callable[[str], None]) -> None:
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


def _finish(
    loop: Loop,
    images: ImageSet,
    rows: dict[Any, Any],
    configs: tuple[DataConfig, TrainConfig],
) -> RunRecord:
    """Run the loop; write weights, snapshots' film, test scores and the record."""
    data, config = configs
    folder = loop.folder
    try:
        stopped = loop.run()
    except TrainingError as error:
        if loop.fabric.is_global_zero:
            update_run(folder, state=f"failed: {error.message}")
        raise
    model = loop.final_model().eval()
    if not loop.fabric.is_global_zero:
        return _record(loop, images, (data, config), stopped, ())
    sha256 = save_weights(model, folder / "model.safetensors")
    update_run(folder, state=stopped, weights_sha256=sha256)
    test: tuple[Measure, ...] = ()
    if stopped != "interrupted":
        loop.snapshots.finish()
        test = score_split(model, images, rows=rows["test"], seed=config.seed).measures
    record = _record(loop, images, (data, config), stopped, test)
    counted = {name: len(chosen) for name, chosen in rows.items()}
    record = record.model_copy(update={"n_images": counted})
    record.save(folder / RECORD)
    return record


def _record(
    loop: Loop,
    images: ImageSet,
    configs: tuple[DataConfig, TrainConfig],
    stopped: str,
    test: tuple[Measure, ...],
) -> RunRecord:
    data, config = configs
    columns = loop.progress.history
    speeds = columns.get("images_per_second", [0.0])
    return RunRecord(
        folder=str(loop.folder),
        provenance=Provenance(
            model=loop.folder.name,
            recipe=config.recipe,
            data=images.name,
            split="test",
            n=test[0].n if test else 0,
            seed=config.seed,
            latent_shape=config.latent_shape,
            fingerprint=images.fingerprint,
        ),
        config={"training": config.to_json(), "data": asdict(data)},
        n_parameters=sum(p.numel() for p in loop.learner.model.parameters()),
        history=HistoryRecord(columns={k: tuple(v) for k, v in columns.items()}),
        test=test,
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


def _check_fit(recipe: Recipe, images: ImageSet, rows: dict[Any, Any]) -> None:
    """Refuse images that this training cannot use, before anything is written."""
    for split in ("train", "val", "test"):
        if not len(rows[split]):
            raise DataError(
                f"{images.name} leaves no images to {WORDS[split]}",
                f"give more images, or --set {split.replace('train', 'test')}_fraction=0.2",
            )
    if not recipe.needs_labels:
        return
    n_classes = len(set(images.labels.tolist()) - {-1})
    if n_classes < 2:
        raise DataError(
            f"the recipe {recipe.name} learns from classes; {images.name} has {n_classes}",
            "give labelled images of two classes or more, or use --recipe vae",
        )

"""Train: images in, a run folder out."""

import warnings
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric

from latentscape.data import DataConfig, ImageSet, load_images, split_rows
from latentscape.data.augment import augmented_copies
from latentscape.errors import DataError, RunError, TrainingError
from latentscape.models import ModelConfig, build_model
from latentscape.models.likelihood import GaussianFixed, GaussianLearned
from latentscape.models.saved import save_weights
from latentscape.objectives import KL, Objective, Sizes
from latentscape.objectives.beta import beta_in_conventions
from latentscape.records import (
    RUN_FILE,
    HistoryRecord,
    Measure,
    Provenance,
    RunRecord,
    refusal,
)
from latentscape.training import TrainConfig
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
from latentscape.training.recipes import Recipe, recipe_named
from latentscape.training.together import as_launched
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
) -> RunRecord:
    """Train a model and leave a run folder.

    Args:
        data: What to train on; a name stands for a `DataConfig` with the run's seed.
        config: How; None for the defaults.
        out: The run folder to make.
        resume: Go on where a stopped run stood; the result equals that of an unbroken one.
        listeners: Hear each step and epoch.
        progress: Told how many images are read, where that takes long.

    Raises:
        UsageError: If the words do not fit: an unknown name, a folder in use.
        TrainingError: If the loss breaks or the run collapses; the last checkpoint is kept.
    """
    config = as_launched(config or TrainConfig())
    data = DataConfig(data, seed=config.seed) if isinstance(data, str) else data
    folder = Path(out)
    recipe = recipe_named(config.recipe, **config.recipe_options)
    fabric = make_fabric(config)
    check_folder(folder, data, config, resume=resume)
    fabric.barrier()  # every process has looked before the first one writes
    with warnings.catch_warnings():
        if not fabric.is_global_zero:  # one process tells of skipped files
            warnings.simplefilter("ignore")
        images = load_images(data, progress=progress if fabric.is_global_zero else None)
    rows = split_rows(images, data)
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
    )


def _augmented(images: ImageSet, rows: Any, data: DataConfig) -> tuple[ImageSet, Any]:
    """Training images with n-fold augmented copies behind them; the split comes first."""
    if not data.augment or data.copies == 0:
        return images, rows
    import numpy as np

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
        beta=_beta_elsewhere(loop, config),
        device=device_name(loop.fabric.device),
        precision=loop.fabric._precision.precision,
        warnings=tuple(f"skipped {s.path}: {s.reason}" for s in images.skipped),
    )


def _beta_elsewhere(loop: Loop, config: TrainConfig) -> dict[str, float]:
    """The run's β as other programs would write it; empty where no term has one."""
    recipe = recipe_named(config.recipe, **config.recipe_options)
    betas = [t.beta for t in recipe.terms if isinstance(t, KL) and t.capacity is None]
    likelihood = loop.learner.model.likelihood
    if not betas or not isinstance(likelihood, GaussianLearned | GaussianFixed):
        return {}
    learned = isinstance(likelihood, GaussianLearned)
    sigma = float(likelihood.log_sigma.exp()) if learned else likelihood.sigma
    shape = loop.learner.model.image_shape
    forms = beta_in_conventions(betas[0], shape, latent_shape=config.latent_shape, sigma=sigma)
    return {f"ELBO units, σ = {sigma:.3g}": betas[0], **forms}


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

"""Train: images in, a run folder out."""

import warnings
from collections.abc import Callable
from pathlib import Path

from latentscape.data import DataConfig, ImageSet, load_images, split_rows, warn_of_cut_scenes
from latentscape.models import ModelConfig, build_model
from latentscape.records import RunRecord
from latentscape.training import TrainConfig
from latentscape.training.folder import check_folder
from latentscape.training.hardware import make_fabric
from latentscape.training.loop import Listener
from latentscape.training.recipes import Recipe, recipe_named, recipe_of
from latentscape.training.together import as_launched
from latentscape.workflows.fit import Plan, fit
from latentscape.workflows.opening import Say


def train(
    data: str | DataConfig,
    config: TrainConfig | None = None,
    *,
    out: Path | str,
    resume: bool = False,
    listeners: tuple[Listener, ...] = (),
    progress: Callable[[int, int], None] | None = None,
    say: Say | None = None,
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
    # wrong words show before images are read
    recipe_named(config.recipe, config.more_terms, **config.recipe_options)
    fabric = make_fabric(config)
    check_folder(folder, data, config, resume=resume)
    fabric.barrier()  # every process has looked before the first one writes
    with warnings.catch_warnings():
        if not fabric.is_global_zero:  # one process tells of skipped files
            warnings.simplefilter("ignore")
        images = load_images(data, progress=progress if fabric.is_global_zero else None)
        warn_of_cut_scenes(images)
    recipe = recipe_of(config, images.shape)
    description = model_for(images, recipe, config)
    plan = Plan(
        images, split_rows(images, data), data, config, recipe, description,
        build_model(description, seed=config.seed),
    )  # fmt: skip
    plan.require_fit()
    return fit(plan, fabric=fabric, folder=folder, listeners=listeners, say=say)


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

"""Finetune: a model that exists, trained further on images; a run folder with before and after."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from lightning_fabric import Fabric

from latentscape.data import DataConfig
from latentscape.errors import ModelError, RunError, TrainingError
from latentscape.models import Autoencoder, ModelConfig, OpenModel, open_model
from latentscape.models.config import BASE
from latentscape.models.likelihood import GaussianLearned
from latentscape.models.saved import with_likelihood
from latentscape.nn.lpips import HEADS
from latentscape.nn.squeezenet import SQUEEZENET_WEIGHTS
from latentscape.records import RUN_FILE, FineTuneRecord, RunRecord, read_run
from latentscape.records.fields import fitted
from latentscape.training import TrainConfig
from latentscape.training.finetuning import (
    PERCEPTUAL,
    Base,
    FinetuneConfig,
    averaging_over,
    description_of,
    training_of,
)
from latentscape.training.folder import check_folder, require_free, update_run
from latentscape.training.hardware import make_fabric
from latentscape.training.loop import Listener
from latentscape.training.recipes import recipe_of
from latentscape.training.together import as_launched
from latentscape.workflows.before_after import Told, before_and_after, collapse_since
from latentscape.workflows.fit import COLLAPSED, RECORD, Plan, fit
from latentscape.workflows.opening import Say, Subject, open_subject, unheard

N_LOOKED_AT = 2000
HARDWARE = ("device", "devices", "n_nodes", "precision")  # fields of TrainConfig
NO_NET = (
    "the net of the perceptual term is not on this machine: its weight is 0, and pixels alone count"
)


def finetune(
    model: str | Path,
    data: str | DataConfig | None = None,
    config: FinetuneConfig | None = None,
    *,
    out: Path | str,
    resume: bool = False,
    listeners: tuple[Listener, ...] = (),
    say: Say | None = None,
) -> FineTuneRecord | None:
    """Train a model further and leave a run folder that tells it before and after.

    Args:
        model: MODEL to begin with; it is left as it is.
        data: DATA; the model's own images if None. Of its own source, by the model's own split, so
            that what it was tested on stays unseen.
        config: How; None for the decoder alone with the defaults.
        out: The run folder to make.
        resume: Go on where a stopped run stood.
        listeners: Hear each step and epoch.
        say: Told what is done, line by line.

    Returns:
        Before and after on the test split, as kept in ``measures/finetuning.json``; None of a run
        that was interrupted, and in all processes but the first.

    Raises:
        UsageError: If the words do not fit each other, or the model.
        DataError: If images and model do not fit.
        TrainingError: If the loss breaks or the run collapses. Of a collapse weights, record and
            page are kept all the same, for there is something to see.
    """
    config, folder, say = config or FinetuneConfig(), Path(out), say or unheard
    require_free(folder, resume=resume)
    fabric = make_fabric(_hardware(config))
    subject = open_subject(model, data, "train", precision="fp32", device=str(fabric.device))
    plan = _plan(subject, str(model), config, folder if resume else None, fabric=fabric, say=say)
    check_folder(folder, plan.data, plan.config, resume=resume, base=plan.base)
    fabric.barrier()  # every process has looked before the first one writes
    broken = record = None
    try:
        stopped = fit(plan, fabric=fabric, folder=folder, listeners=listeners, say=say).stopped
    except TrainingError as error:
        broken = error
        stopped = COLLAPSED if _was_kept(folder) else "interrupted"
    if fabric.is_global_zero and stopped != "interrupted":
        say("measuring before and after")
        record = _measured(subject, str(model), plan, folder, Told(stopped, broken))
    if broken is not None:
        fabric.barrier()  # a process that fails ends the others: not before the page is whole
        raise broken
    return record


def _was_kept(folder: Path) -> bool:
    """Whether the run that broke was a collapse, whose weights and record are there."""
    try:
        return RunRecord.load(folder / RECORD).stopped == COLLAPSED
    except RunError:
        return False


def _hardware(config: FinetuneConfig) -> TrainConfig:
    """What of the training names devices: the base is already looked at there."""
    asked = {
        key: fitted(TrainConfig, key, value)
        for key, value in config.more.items()
        if key in HARDWARE
    }
    return as_launched(TrainConfig(**asked))


def _plan(
    subject: Subject,
    words: str,
    config: FinetuneConfig,
    begun: Path | None,
    *,
    fabric: Fabric,
    say: Say,
) -> Plan:
    opened = subject.model
    rows = {name: np.flatnonzero(subject.splits == name) for name in ("train", "val", "test")}
    base = _base(opened)
    now = _as_it_is(replace(subject, rows=rows["train"])) if fabric.is_global_zero else None
    now = fabric.broadcast(now)  # one and the same σ and rate in every process
    assert now is not None
    if config.train == "all":
        base = replace(base, rate=_held_before(begun) or now.rate)
    training = training_of(config, base, perceptual=_perceptual(config, base, say=say))
    training = as_launched(training)
    if config.ema is None and config.train == "decoder":
        training = replace(training, ema=_averaging(training, len(rows["train"]), begun))
    recipe = recipe_of(training, subject.images.shape)
    description = description_of(training, recipe, base)
    plan = Plan(
        subject.images, rows, subject.config, training, recipe, description,
        _begun_with(opened, description, mse=now.mse), _described(opened, words), base.rate,
    )  # fmt: skip
    plan.require_fit()
    return plan


def _base(opened: OpenModel) -> Base:
    """What is known of an opened model."""
    autoencoder = opened.autoencoder
    if opened.folder is not None:
        about = read_run(opened.folder)
        likelihood = autoencoder.likelihood
        learned = isinstance(likelihood, GaussianLearned)
        return Base(
            ModelConfig.from_json(about["model"]),
            about["recipe"],
            about.get("training") or {},
            sigma=float(likelihood.log_sigma.exp()) if learned else None,
        )
    likelihood = autoencoder.likelihood
    scale = getattr(likelihood, "sigma", getattr(likelihood, "scale", 1.0))
    foreign = ModelConfig(
        BASE, autoencoder.image_shape, autoencoder.latent_shape, autoencoder.posterior,
        likelihood.name, scale,
    )  # fmt: skip
    return Base(foreign, None, {})


class _AsItIs(NamedTuple):
    """The base on training images: mean squared error of a draw, and nats an image if any."""

    mse: float
    rate: float | None


@torch.inference_mode()
def _as_it_is(subject: Subject) -> _AsItIs:
    """Of a seeded choice of the images."""
    some, model = subject.choice(N_LOOKED_AT, seed=0), subject.model.autoencoder
    rng = torch.Generator(device=model.device).manual_seed(0)
    rate = squared = 0.0
    for _, pixels in some.batches():
        posterior = model.encode(pixels)
        error = model.decode(posterior.sample(rng)) - pixels
        squared += float(error.square().mean((1, 2, 3)).double().sum())
        rate += float(posterior.kl().double().sum())
    n = len(some.rows)
    return _AsItIs(squared / n, rate / n if model.posterior == "gaussian" else None)


def _perceptual(config: FinetuneConfig, base: Base, *, say: Say) -> float:
    """The perceptual weight: what was asked for, or what this machine allows."""
    if config.perceptual is not None:
        return config.perceptual
    if config.train == "all":
        return 0.0
    if SQUEEZENET_WEIGHTS.find() is None or HEADS["squeeze"].find() is None:
        say(NO_NET)
        return 0.0
    return PERCEPTUAL


def _averaging(config: TrainConfig, n_train: int, begun: Path | None) -> float:
    """Decay of the running mean; a run that goes on keeps its own."""
    if begun is not None and (begun / RUN_FILE).exists():
        before = (read_run(begun).get("training") or {}).get("ema")
        if before is not None:
            return before
    world = config.devices * config.n_nodes
    batches = math.ceil(max(n_train // world, 1) / config.batch_size)
    return averaging_over(config.epochs * math.ceil(batches / config.accumulate))


def _held_before(begun: Path | None) -> float | None:
    """The rate that a run which goes on has held; measured anew it differs in its last digits."""
    if begun is None or not (begun / RUN_FILE).exists():
        return None
    options = (read_run(begun).get("training") or {}).get("recipe_options") or {}
    return options.get("capacity")


def _begun_with(opened: OpenModel, description: ModelConfig, *, mse: float) -> Autoencoder:
    """The base's networks under the likelihood of the description; a σ that is new fits them."""
    autoencoder = with_likelihood(opened.autoencoder, description)
    likelihood = autoencoder.likelihood
    if isinstance(likelihood, GaussianLearned) and likelihood.mse == 0:
        likelihood.mse.fill_(mse)
    weights = list(autoencoder.parameters())
    if not any(weight.requires_grad for weight in weights):  # another program's may come frozen
        for weight in weights:
            weight.requires_grad_(weight.is_floating_point())
    return autoencoder


def _described(opened: OpenModel, words: str) -> dict[str, Any]:
    """The base for run.json."""
    told = {"name": opened.name, "sha256": opened.sha256, "recipe": opened.recipe}
    if opened.folder is None:
        place = _resolved(words)
        return {**told, "model": place, "opens": place, "opens_sha256": opened.sha256}
    before = read_run(opened.folder).get("base") or {}  # itself fine-tuned, perhaps
    opens = {key: before[key] for key in ("opens", "opens_sha256") if key in before}
    return {**told, "model": str(opened.folder.resolve()), **opens}


def _resolved(words: str) -> str:
    """The words of a model with its files and folders by their whole paths."""
    scheme, colon, rest = words.partition(":")
    if scheme == "python" and not rest.rpartition(":")[0].endswith(".py"):
        return words  # a module's name is none of a file's, though a folder may be called so
    parts = []
    for part in rest.split(","):
        file, apart, called = part.rpartition(":")  # python:FILE.py:CALLABLE
        place, tail = (file, apart + called) if file and Path(file).exists() else (part, "")
        parts.append((str(Path(place).resolve()) if Path(place).exists() else place) + tail)
    return f"{scheme}{colon}{','.join(parts)}"


def _measured(subject: Subject, words: str, plan: Plan, folder: Path, told: Told) -> FineTuneRecord:
    device = str(subject.model.autoencoder.device)
    before = open_model(words, "fp32", device=device).for_images(plan.images.shape)
    if before.sha256 != subject.model.sha256:
        raise ModelError(f"{words} has changed meanwhile", "measure the new run by itself")
    tested = replace(subject, model=before, split="test", rows=plan.rows["test"])
    record = before_and_after(tested, open_model(folder, "fp32", device=device), plan, told)
    record.save(folder / "measures" / "finetuning")
    sign = None if told.collapse is not None else collapse_since(record)
    if sign is not None:
        update_run(folder, state=f"{told.stopped}, but collapsed: {sign}")
    return record

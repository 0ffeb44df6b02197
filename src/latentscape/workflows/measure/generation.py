"""Measure generation: how good new images are, source by source, beside real ones and noise."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from latentscape.data import DataConfig
from latentscape.errors import UndefinedError, UsageError
from latentscape.metrics import measured, row_of
from latentscape.metrics.elbo import bits_per_dim_refusal, entropy_floor
from latentscape.metrics.frechet import frechet_distance, require_photographs
from latentscape.metrics.importance import (
    ImportanceBounds,
    importance_bounds,
    importance_measures,
)
from latentscape.metrics.interval import bootstrap_intervals
from latentscape.metrics.kernel_distance import kernel_distance
from latentscape.metrics.support import nearest_row, support_measures
from latentscape.nn.features import FeatureName, FeatureNet, feature_net
from latentscape.records import Measure, Reference, Row, Undefined
from latentscape.records.generation import Drawn, Features, GenerationRecord
from latentscape.workflows.latents import open_latents
from latentscape.workflows.measure.reconstruction import likelihood_words
from latentscape.workflows.opening import Progress
from latentscape.workflows.sources import NO_TRAINING, Held, Source, beside, generated

N_SHOWN = 8
SCORED_AT_ONCE = 8
SMALL, N_SMALL, N_LARGE = 1024, 100, 30  # pixel values of an image; images to score
SUPPORT = "precision, recall, density, coverage"


@dataclass(frozen=True)
class GenerationConfig:
    """How much is drawn, and in what it is compared.

    Attributes:
        features: ``squeezenet``, ``random`` or ``pixels``; None takes the trained net where its
            weights can be had, else the random one.
        n_images: Images of each source, and real ones, at most. FID asks for 2,048.
        n_training: Training images looked through for the nearest, at most.
        n_scored: Images whose likelihood is bounded; None takes 100 of images of up to 1,024 values
            and 30 of larger ones, whose decoders take longer.
        n_draws: Posterior draws for each of them.
        n_components: Gaussians in the mixture.
    """

    features: FeatureName | None = None
    n_images: int = 2048
    n_training: int = 4096
    n_scored: int | None = None
    n_draws: int = 200
    n_components: int = 10

    def __post_init__(self):
        counts = {
            "images": self.n_images,
            "training images": self.n_training,
            "scored images": 1 if self.n_scored is None else self.n_scored,
            "draws": self.n_draws,
            "Gaussians": self.n_components,
        }
        for what, n in counts.items():
            if n < 1:
                raise UsageError(f"{n} {what} are none", "give at least 1")


def measure_generation(
    model: str | Path,
    data: str | DataConfig | None = None,
    *,
    split: str = "test",
    config: GenerationConfig | None = None,
    seed: int = 0,
    out: Path | str | None = None,
    progress: Progress | None = None,
) -> GenerationRecord:
    """How good prior samples, mixture samples and interpolations are, and how likely real images.

    Args:
        model: MODEL.
        data: DATA; the model's own images if None.
        split: Of the real images that the others are held against.
        config: How much, and in which features.
        seed: Of every draw, choice, subset and bootstrap.
        out: Stem of the record's files; ``measures/`` in the model's run if None.
        progress: Called with (images seen by the feature net, in all, "images").

    Raises:
        UsageError, DataError: If the words, or images and model, do not fit.
        ModelError: If what the model decodes is not finite, or the features named cannot be had.
    """
    config = config or GenerationConfig()
    held = _held(model, data, split=split, limit=config.n_images, seed=seed)
    net = feature_net(config.features, fetch=True, seed=seed)
    sources = [*generated(held, n_components=config.n_components), *beside(held)]
    look = Look(net, held, n_training=config.n_training)
    look.see(sources, progress)
    rows = {source.name: look.row(source) for source in sources}
    record = GenerationRecord(
        provenance=held.latents.provenance,
        features=Features(**net.facts._asdict(), scale=look.scale),
        rows=tuple(rows[source.name] for source in sources[:3]),
        baselines=(look.floor(), *(rows[source.name] for source in sources[3:])),
        likelihood=_likelihood(held, config),
        drawn=tuple(look.drawn(source) for source in sources[:3] if source.images is not None),
        typical_distance=look.typical,
        n_train=len(look.training),
        prior_matched=held.latents.prior_matched,
    )
    stem = out or held.latents.room("measures", f"generation-{held.latents.stem}")
    if stem is not None:
        record.save(stem)
    return record


def _held(
    model: str | Path, data: str | DataConfig | None, *, split: str, limit: int, seed: int
) -> Held:
    latents = open_latents(model, data, split=split, limit=limit, seed=seed)
    subject = latents.subject
    if subject is None:
        raise UsageError(f"{model} is a store, and draws nothing", "name the model that wrote it")
    training = np.setdiff1d(np.flatnonzero(subject.splits == "train"), subject.rows)
    return Held(
        latents=latents,
        subject=subject,
        real=subject.as_bytes(subject.rows),
        training=np.random.default_rng(seed).permutation(training),
        seed=seed,
    )


class Look:
    """All sources in one feature space, and what is measured there.

    Features are divided by the root mean square of the real images' own, so that KID's kernel,
    whose + 1 is not to scale, weighs alike whatever net they come from.

    Args:
        net: The frozen net.
        held: The real images and the training images.
        n_training: Training images looked through for the nearest, at most.
    """

    def __init__(self, net: FeatureNet, held: Held, *, n_training: int):
        self.net, self.held = net, held
        self.training = held.training[: max(n_training, min(held.n, len(held.training)))]
        self.seen: dict[str, np.ndarray] = {}
        self.scale = 1.0
        self.real = self.near = np.zeros((0, 0), np.float32)
        self.typical: float | None = None

    def see(self, sources: list[Source], progress: Progress | None) -> None:
        """Compute every feature there is to compute."""
        training = self.held.subject.as_bytes(self.training)
        wanted = {"real": self.held.real}
        wanted |= {"training": training} if len(training) else {}
        wanted |= {s.name: s.images for s in sources if s.images is not None}
        total, done = sum(map(len, wanted.values())), 0
        for name, images in wanted.items():
            one = len(images) > 1 and images.strides[0] == 0  # the mean image, many times
            found = self.net.of(images[:1] if one else images)
            self.seen[name] = np.repeat(found, len(images), 0) if one else found
            done += len(images)
            if progress is not None:
                progress(done, total, "images")
        self.scale = float(np.sqrt(np.square(self.seen["real"], dtype=np.float64).mean())) or 1.0
        self.seen = {name: found / np.float32(self.scale) for name, found in self.seen.items()}
        self.real, self.near = self.seen["real"], self.seen.get("training", self.near)
        if len(self.near):
            self.typical = float(np.median(nearest_row(self.real, self.near)[1]))

    def row(self, source: Source) -> Row:
        """The measures of one source, or why there are none."""
        if source.images is None:
            missing = Undefined(name="every measure", why=source.note)
            return Row(name=source.name, measures=(), undefined=(missing,))
        return self._row(source.name, self.seen[source.name], source.note, nearest=True)

    def floor(self) -> Row:
        """Training images in the part of generated ones: real against real."""
        name, found = "training images", self.near[: self.held.n]
        if not len(found):
            return Row(name=name, measures=(), undefined=(Undefined(name=name, why=NO_TRAINING),))
        note = "other real images of the same kind: the best that can be asked for"
        return self._row(name, found, note, nearest=False)

    def drawn(self, source: Source) -> Drawn:
        """The first few images of a source beside their nearest training images."""
        assert source.images is not None
        shown = source.images[:N_SHOWN]
        places, distances = np.zeros(0, np.int64), np.zeros(0)
        if len(self.near):
            places, distances = nearest_row(self.seen[source.name][: len(shown)], self.near)
        rows = self.training[places]
        return Drawn(
            name=source.name,
            images=shown.copy(),
            nearest=self.held.subject.as_bytes(rows),
            nearest_ids=tuple(self.held.subject.images.sample_ids[rows].tolist()),
            distances=distances,
        )

    def _row(self, name: str, found: np.ndarray, note: str, *, nearest: bool) -> Row:
        seed = self.held.seed
        makers: dict[str, Callable] = {
            "kid": lambda: [kernel_distance(found, self.real, seed=seed)],
            "fid": lambda: [self._fid(found)],
            SUPPORT: lambda: support_measures(found, self.real, seed=seed),
        }
        if nearest:
            makers["nearer_to_training"] = lambda: [self._nearer(found)]
        return row_of(name, makers, note=note)

    def _fid(self, found: np.ndarray) -> Measure:
        require_photographs(self.held.subject.images.shape, trained=self.net.trained)
        return frechet_distance(found, self.real)

    def _nearer(self, found: np.ndarray) -> Measure:
        if self.typical is None:
            raise UndefinedError(NO_TRAINING, "measure another split")
        nearer = (nearest_row(found, self.near)[1] < self.typical).astype(float)
        n_all = len(self.held.training)
        return measured(
            "nearer_to_training",
            nearer.mean(),
            n=len(found),
            interval=bootstrap_intervals({"": nearer}, seed=self.held.seed).get(""),
            note=f"{len(self.near):,} of {n_all:,} training images looked through",
            reference=Reference(value=0.5, words="real images"),
        )


def _likelihood(held: Held, config: GenerationConfig) -> Row:
    small = held.subject.images.shape.size <= SMALL
    n_scored = config.n_scored or (N_SMALL if small else N_LARGE)
    maker = partial(_bounded, held, n_scored=n_scored, n_draws=config.n_draws)
    return row_of("likelihood", {"iwae": maker})


@torch.inference_mode()
def _bounded(held: Held, *, n_scored: int, n_draws: int) -> list[Measure]:
    """The importance-weighted bound of a seeded choice of the real images."""
    subject = held.subject.choice(n_scored, seed=held.seed + 1)
    model = subject.model.autoencoder
    if model.posterior == "point":
        raise UndefinedError(
            "the posterior is a point, under which no draw can be weighed",
            "train a recipe with a Gaussian posterior",
        )
    rng = torch.Generator(device=model.device).manual_seed(held.seed)
    parts, floor = [], 0.0
    for _, pixels in subject.batches(SCORED_AT_ONCE):
        posterior = model.encode(pixels)
        floor += float(entropy_floor(pixels).sum())
        parts.append(
            importance_bounds(
                pixels,
                posterior.mean,
                posterior.log_var,
                nll=lambda latents, images: model.likelihood.nll(model.logits(latents), images),
                n_draws=n_draws,
                rng=rng,
            )
        )
    found = ImportanceBounds(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    name = model.likelihood.name
    note = likelihood_words(model.likelihood)
    if bits_per_dim_refusal(name, floor):
        note += "; cross-entropy on gray values is no likelihood, so compare like with like only"
    groups = None if subject.images.groups is None else subject.images.groups[subject.rows]
    return list(
        importance_measures(found, n_draws=n_draws, note=note, groups=groups, seed=held.seed)
    )

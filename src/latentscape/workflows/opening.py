"""What most verbs begin with: a model opened, images loaded, a split chosen, both found to fit."""

import hashlib
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor

from latentscape.data import (
    DataConfig,
    DataWarning,
    ImageSet,
    Split,
    load_images,
    split_rows,
    warn_of_cut_scenes,
)
from latentscape.errors import (
    DataError,
    ModelError,
    SizesError,
    SplitError,
    StoreError,
    UsageError,
)
from latentscape.models import OpenModel, open_model
from latentscape.records import Provenance, read_run, stem_of
from latentscape.store import Store

Progress = Callable[[int, int, str], None]
Say = Callable[[str], None]

SPLITS = (*get_args(Split), "all")
BATCH = 256
COLOURS: dict[int, Literal["L", "RGB"]] = {1: "L", 3: "RGB"}


def unheard(line: str) -> None:
    """Takes what a verb says where nobody listens."""


@dataclass(frozen=True)
class Subject:
    """A model and the images it is asked about.

    Attributes:
        model: The opened model.
        images: All images of the source.
        config: How they were loaded.
        split: ``train``, ``val``, ``test`` or ``all``.
        rows: Rows of the images that make the split.
        splits: (n,) split of every image of the source.
    """

    model: OpenModel
    images: ImageSet
    config: DataConfig
    split: str
    rows: np.ndarray
    splits: np.ndarray

    def choice(self, limit: int | None, *, seed: int) -> "Subject":
        """The same with a seeded choice of at most `limit` of its rows, in their order."""
        if limit is None or limit >= len(self.rows):
            return self
        if limit < 1:
            raise UsageError(f"{limit} images are none", "give a limit of at least 1")
        chosen = np.random.default_rng(seed).permutation(len(self.rows))[:limit]
        return replace(self, rows=self.rows[np.sort(chosen)])

    def row_of(self, sample_id: str) -> int | None:
        """Row of an image of the split, whatever choice of them was made; None if it has none."""
        in_split = (self.splits == self.split) | (self.split == "all")
        found = np.flatnonzero(in_split & (self.images.sample_ids == sample_id))
        return int(found[0]) if len(found) else None

    def pixels(self, rows: np.ndarray) -> Tensor:
        """Chosen images as the model sees them, on its device."""
        return torch.from_numpy(self.images.pixels(rows)).to(self.model.autoencoder.device)

    def as_bytes(self, rows: np.ndarray) -> np.ndarray:
        """Chosen images as the model sees them, uint8 ``*rows channels height width``."""
        raw = self.images.images[rows.reshape(-1)].reshape(*rows.shape, *self.images.shape)
        if self.images.binarize:
            return np.where(raw >= 128, np.uint8(255), np.uint8(0))
        return np.asarray(raw)

    def batches(self, batch_size: int = BATCH) -> Iterator[tuple[np.ndarray, Tensor]]:
        """The split a batch at a time: rows and their pixels."""
        for start in range(0, len(self.rows), batch_size):
            rows = self.rows[start : start + batch_size]
            yield rows, self.pixels(rows)

    def provenance(self, *, seed: int, n: int) -> Provenance:
        """The small print of what was found out."""
        return Provenance(
            model=self.model.name,
            recipe=self.model.recipe,
            data=self.images.name,
            split=self.split,
            n=n,
            seed=seed,
            latent_shape=self.model.autoencoder.latent_shape,
            fingerprint=self.images.fingerprint,
            resize=str(self.images.rule.get("resize", "none")),
            model_sha256=self.model.sha256,
            precision=self.model.precision,
            settings=self.model.settings,
        )

    @property
    def stem(self) -> str:
        """``DATA-SPLIT``, fit for a file's name; of other images than the model's, with a mark.

        The mark tells images of one name apart, and the ways in which they were split.
        """
        if self.config == self.model.data:
            return stem_of(self.images.name, self.split)
        config = self.config
        drawn = (config.val_fraction, config.test_fraction, config.seed)
        mark = hashlib.sha256(repr((self.images.fingerprint, drawn)).encode()).hexdigest()
        return stem_of(self.images.name, self.split, mark[:8])


def open_subject(
    model: str | Path,
    data: str | DataConfig | None,
    split: str,
    *,
    precision: str = "auto",
    device: str = "auto",
    judges: bool = True,
) -> Subject:
    """Open a model and the images it is asked about.

    Args:
        model: MODEL.
        data: DATA. None stands for the model's own images; a name is loaded by the rule (size,
            colour, binarize, seed) by which the model's own were, and brought to the model's size
            and colour, with a warning, where it does not fit. A model that takes any size takes
            the size that DATA has.
        split: ``train``, ``val``, ``test`` or ``all``. Images too few to be parted are all
            ``train``, with a warning, where all are asked for.
        precision, device: Of the model's networks, see `open_model`.
        judges: Whether training or figures will rest on the split. Then a scene that it shares
            with another is warned of, unless all are asked for.

    Raises:
        UsageError: If the split is unknown, or the model does not know its own images.
        SplitError: If the images are too few to be parted, and a part is asked for.
        DataError: If the split is empty, or its images do not fit the model.
    """
    if split not in SPLITS:
        raise UsageError(f"there is no split {split!r}", f"one of {', '.join(SPLITS)}")
    opened = open_model(model, precision, device=device)
    config = data_for(opened, data)
    if opened.autoencoder.size_step is not None:
        images, config = _in_its_colour(opened, config)
        opened = opened.for_images(images.shape)
    elif isinstance(data, DataConfig) and opened.data is None:
        images, config = _in_its_colour(opened, config)
    elif isinstance(data, str) and config != opened.data:
        images, config = _brought(opened, config)
    else:
        images = _loaded(config)
    _require_fit(opened, images, config)
    _warn_if_changed(opened, images, config)
    splits = _splits(images, config, split)
    if judges and split != "all":
        warn_of_cut_scenes(images)
    rows = np.arange(len(images)) if split == "all" else np.flatnonzero(splits == split)
    if len(rows) == 0:
        raise DataError(
            f"{images.name} has no {split} images", "choose another split, or all with --split all"
        )
    return Subject(opened, images, config, split, rows, splits)


def _splits(images: ImageSet, config: DataConfig, wanted: str) -> np.ndarray:
    """(n,) split of each image; all ``train`` where they cannot be parted and need not be."""
    splits = np.full(len(images), "train", "U5")
    try:
        for name, rows in split_rows(images, config).items():
            splits[rows] = name
    except SplitError as error:
        if wanted != "all":
            whole = "" if wanted == "train" else ", or take all of it: --split all"
            raise SplitError(error.message, f"{error.hint}{whole}") from error
        _warn_of_one_part(error.message)
    return splits


def _warn_of_one_part(why: str) -> None:
    """Say it once to those who keep images, though each of several verbs opens them."""
    said = _SAID.get()
    if said is None or why not in said:
        told = "it is taken whole, with no part to learn from and another to be judged on"
        warnings.warn(f"{why}; {told}", DataWarning, stacklevel=4)
    if said is not None:
        said.add(why)


_KEPT: ContextVar[dict[DataConfig, ImageSet] | None] = ContextVar("kept images", default=None)
_SAID: ContextVar[set[str] | None] = ContextVar("said of kept images", default=None)


@contextmanager
def images_kept() -> Iterator[None]:
    """Within the block images are read once, however many verbs ask for them, and told of once."""
    kept, said = _KEPT.set({}), _SAID.set(set())
    try:
        yield
    finally:
        _KEPT.reset(kept)
        _SAID.reset(said)


def _loaded(config: DataConfig) -> ImageSet:
    kept = _KEPT.get()
    if kept is None:
        return load_images(config)
    if config not in kept:
        kept[config] = load_images(config)
    return kept[config]


def data_for(model: OpenModel, data: str | DataConfig | None) -> DataConfig:
    """Which images are meant, and by which rule they are loaded."""
    if isinstance(data, DataConfig):
        return data
    if data is None:
        if model.data is None:
            raise UsageError(f"{model.name} does not say which images it knows", "name DATA")
        return model.data
    if model.data is None:
        return DataConfig(data)
    if data == model.data.source:
        return model.data
    return replace(model.data, source=data, limit=None)


@torch.inference_mode()
def decode(model: OpenModel, latents: np.ndarray, *, batch_size: int = BATCH) -> np.ndarray:
    """Decode latents a batch at a time.

    Args:
        model: Whose decoder.
        latents: ``n *latent``.
        batch_size: Latents at a time.

    Returns:
        uint8 ``n channels height width``.

    Raises:
        ModelError: If what comes out is not finite.
    """
    autoencoder = model.autoencoder
    images = np.empty((len(latents), *autoencoder.image_shape), np.uint8)
    for start in range(0, len(latents), batch_size):
        batch = torch.from_numpy(np.ascontiguousarray(latents[start : start + batch_size]))
        decoded = autoencoder.decode(batch.to(autoencoder.device, torch.float32)).cpu()
        require_finite(model.name, decoded, "decodes")
        images[start : start + batch_size] = as_bytes(decoded)
    return images


def as_bytes(images: Tensor) -> np.ndarray:
    """Pixels in [0, 1] as uint8, rounded to the nearest."""
    return (images.clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()


def require_finite(model: str, values: Tensor, does: str) -> None:
    """Check that the output of the model of that name is made of numbers.

    Raises:
        ModelError: If it is not.
    """
    if not torch.isfinite(values).all():
        raise ModelError(
            f"the model {model} {does} to values that are not finite",
            "its training broke down: look at its loss curves, and train again",
        )


def require_own_store(model: OpenModel, store: Store) -> None:
    """Check that a store's latents are this model's.

    Raises:
        StoreError: If another model wrote them.
    """
    if store.manifest.model_sha256 != model.sha256:
        raise StoreError(
            f"the store {store.folder} was encoded by another model than {model.name} "
            "(or before it was trained further)",
            "encode its images with this model first",
        )


def room_in(model: OpenModel, room: str, stem: str) -> Path | None:
    """Where a record belongs in a model's own run folder; None if it has none."""
    return None if model.folder is None else model.folder / room / stem


def _brought(model: OpenModel, config: DataConfig) -> tuple[ImageSet, DataConfig]:
    """Images as their config has them where they fit the model, else in its size and colour."""
    wanted = model.autoencoder.image_shape
    if wanted.height != wanted.width or wanted.channels not in COLOURS:
        return _loaded(config), config
    try:
        images = _loaded(config)
        if images.shape == wanted:
            return images, config
    except SizesError:
        pass
    config = replace(config, size=wanted.height, colour=COLOURS[wanted.channels])
    images = _loaded(config)
    told = f"{images.name} is brought to {images.shape} for the model {model.name}"
    warnings.warn(f"{told}, by the rule {config.resize}", stacklevel=4)
    return images, config


def _in_its_colour(model: OpenModel, config: DataConfig) -> tuple[ImageSet, DataConfig]:
    """Images whose size is settled, or any: only their colour must be the model's own."""
    step, (wanted, height, _) = model.autoencoder.size_step, model.autoencoder.image_shape
    try:
        images = _loaded(config)
    except SizesError as error:
        side = height if step is None else -(-64 // step) * step
        hint = "give its own" if step is None else f"give one that is a multiple of {step}"
        raise SizesError(error.message, f"{hint}: --size {side}") from error
    if images.shape.channels == wanted or wanted not in COLOURS or config.colour is not None:
        return images, config
    config = replace(config, colour=COLOURS[wanted])
    warnings.warn(f"{images.name} is brought to {config.colour} for {model.name}", stacklevel=4)
    return _loaded(config), config


def _require_fit(model: OpenModel, images: ImageSet, config: DataConfig) -> None:
    wanted = model.autoencoder.image_shape
    if images.shape == wanted:
        return
    told = (
        f"{images.name} is {images.shape} (height×width×channels), the model {model.name} takes "
        f"{wanted}"
    )
    if model.data is None and images.shape.channels == wanted.channels:
        own = f", or --size {wanted.height}" if wanted.height == wanted.width else ""
        raise DataError(told, f"leave --size out{own}")
    settings = [f"{config.source!r}"]
    if wanted.height == wanted.width:
        settings.append(f"size={wanted.height}")
    if wanted.channels in (1, 3):
        settings.append(f"colour={'L' if wanted.channels == 1 else 'RGB'!r}")
    raise DataError(told, f"load it in that shape: DataConfig({', '.join(settings)})")


def _warn_if_changed(model: OpenModel, images: ImageSet, config: DataConfig) -> None:
    """Other images under the old name may put training images into the test split."""
    if model.folder is None or config != model.data:
        return
    before = read_run(model.folder).get("fingerprint")
    if before not in (None, images.fingerprint):
        warnings.warn(
            f"{images.name} is not what {model.name} was trained on: its images have changed "
            "since, and training images may now be in the test split",
            stacklevel=3,
        )

"""The images that latents were encoded from, loaded when first asked for; no torch."""

from dataclasses import replace
from pathlib import Path
from threading import Lock

import numpy as np

from latentscape.data import DataConfig, ImageSet, load_images
from latentscape.data.load import NAMED
from latentscape.errors import DataError, LatentscapeError, RunError
from latentscape.records import read_run
from latentscape.records.exhibit import Ability
from latentscape.workflows.explore.live import ability_of, as_shown
from latentscape.workflows.explore.stored import Stored, places_in

ON_DISK = ("folder", "npz", "video", "triplets")


class Pictures:
    """Original images of an exhibit's samples, or why there are none.

    Args:
        run: The run folder, which says where the images lie; None where there is none.
        stored: The samples.
    """

    def __init__(self, run: Path | None, stored: Stored):
        self.run, self.stored = run, stored
        self._lock = Lock()
        self._images: ImageSet | None = None
        self._rows = np.zeros(0, np.int64)
        self._fault: LatentscapeError | None = None
        try:
            self._config = _config(run, stored.provenance.data)
        except LatentscapeError as error:
            self._fault = error

    @property
    def ability(self) -> Ability:
        """Whether there are images, as far as can be told without loading; then, as it was."""
        return ability_of(self._fault)

    @property
    def source(self) -> str:
        """DATA that they are loaded from; empty where that is not known."""
        return "" if self._fault is not None else self._config.source

    @property
    def images(self) -> ImageSet:
        """All images of the source.

        Raises:
            LatentscapeError: If they are missing, or have changed since they were encoded.
        """
        with self._lock:
            if self._fault is not None:
                raise self._fault
            if self._images is None:
                try:
                    self._images = self._loaded()
                except LatentscapeError as error:
                    self._fault = error
                    raise
            return self._images

    def _loaded(self) -> ImageSet:
        images, stored = load_images(self._config), self.stored
        if stored.provenance.data not in ("", images.name):
            raise DataError(
                f"the latents are of {stored.provenance.data}, and only the images of "
                f"{images.name}, which the model was trained on, are at hand",
                "explore a store of those",
            )
        if stored.provenance.fingerprint not in ("", images.fingerprint):
            raise DataError(
                f"the images of {images.name} have changed since they were encoded",
                f"bring them back, or encode them again: `latentscape encode {self.run}`",
            )
        self._rows = places_in(stored.ids, images.sample_ids.astype(str))
        if (self._rows < 0).any():
            raise DataError(
                f"{int((self._rows < 0).sum()):,} samples are not among the images of "
                f"{images.name}",
                f"encode them again: `latentscape encode {self.run}`",
            )
        return images

    def rows(self, rows: np.ndarray) -> np.ndarray:
        """Rows of the image set that samples are."""
        _ = self.images
        return self._rows[rows]

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Images as the model sees them, uint8 ``k height width channels``."""
        images = self.images
        raw = np.asarray(images.images[self._rows[rows]])
        if images.binarize:
            raw = np.where(raw >= 128, np.uint8(255), np.uint8(0))
        return as_shown(raw)


def shrunk(images: np.ndarray, side: int | None) -> np.ndarray:
    """Images at most `side` pixels high and wide; each new pixel is the mean of what it covers.

    Args:
        images: uint8 ``k height width channels``.
        side: None, or no less than the images, leaves them as they are.
    """
    k, height, width, channels = images.shape
    if side is None or max(height, width) <= side:
        return images
    import cv2

    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.empty((k, size[1], size[0], channels), np.uint8)
    for image, out in zip(images, small, strict=True):
        out[...] = cv2.resize(image, size, interpolation=cv2.INTER_AREA).reshape(out.shape)
    return small


def _config(run: Path | None, name: str) -> DataConfig:
    """The images of a run as its run.json names them, or a named set by the same rule."""
    if run is None:
        raise DataError(
            "the store lies in no run and does not say where its images are",
            "explore the run that it was encoded by",
        )
    data = read_run(run)["data"]
    try:
        config = DataConfig(**{**data, "augment": tuple(data.get("augment", ()))})
    except TypeError as error:
        raise RunError(
            f"the images of the run {run} are described by another version ({error})",
            "install that version of latentscape",
        ) from error
    if name in NAMED and config.source != name:
        return replace(config, source=name, limit=None)
    kind, colon, place = config.source.partition(":")
    if colon and kind in ON_DISK and not Path(place).exists():
        raise DataError(
            f"the images that the run was trained on are no longer at {place}", "bring them back"
        )
    return config

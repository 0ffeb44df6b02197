"""``latent1.npy latent2.npy latent3.npy`` in each motion triplet's folder, read and written.

The layout is ``FOLDER/TRIPLET/latent1.npy``, float32, one latent a file: the posterior mean as the
model gives it, neither scaled nor shifted. ``FOLDER/latents.json`` says which model's they are, and
is written last; until then ``latents-unfinished.json`` says it. FOLDER may be the images' own.
"""

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from latentscape.errors import ShapeError, StoreError
from latentscape.records import replacing
from latentscape.shapes import LatentShape
from latentscape.store.manifest import Manifest
from latentscape.store.writer import mended

NAMES = ("latent1.npy", "latent2.npy", "latent3.npy")
CARD = "latents.json"
UNFINISHED = "latents-unfinished.json"


class LatentsCard(BaseModel):
    """``latents.json``: whose latents lie in a folder of triplets, and how they are to be read.

    Attributes:
        values: What a file holds.
        model, model_sha256, recipe: The model that encoded.
        data, data_fingerprint, resize: The images that were encoded.
        precision, settings: Number format in which the encoder ran, and how else.
        pixel_range: Range of pixels that the networks work in.
        scale, shift: What the model's latents are multiplied and shifted by elsewhere; neither has
            been applied.
        latent_shape: Shape of one latent.
        n: How many triplets.
        version: Version of latentscape that wrote them.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())

    values: Literal["unscaled posterior mean, float32"] = "unscaled posterior mean, float32"
    model: str
    model_sha256: str
    recipe: str = ""
    data: str = ""
    data_fingerprint: str = ""
    resize: str = ""
    precision: str = "fp32"
    settings: str = ""
    pixel_range: tuple[float, float] = (0.0, 1.0)
    scale: float | tuple[float, ...] = 1.0
    shift: float | tuple[float, ...] = 0.0
    latent_shape: tuple[int, ...]
    n: int
    version: str = ""

    @classmethod
    def of_store(cls, manifest: Manifest, *, n: int) -> "LatentsCard":
        """The card of ``n`` triplets out of a store."""
        known = manifest.model_dump(include=set(cls.model_fields))
        return cls.model_validate(known | {"n": n})


def write_triplets(
    folder: Path | str, card: LatentsCard, latents: Iterable[tuple[str, np.ndarray]]
) -> None:
    """Write the latents of many triplets and, when all are there, the card.

    Args:
        folder: Where the triplets' folders are, or are to be.
        card: What is said of them.
        latents: Name of each triplet, and its ``3 *latent``; taken one at a time.

    Raises:
        StoreError: If the folder holds another model's latents, or latents of which nothing says
            whose they are, or cannot be written.
        ShapeError: If a latent has another shape than the card says, or is not of three frames.
    """
    folder = Path(folder)
    require_free(folder, card.model_sha256)
    with mended(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(folder / UNFINISHED) as temporary:
            temporary.write_text(card.model_dump_json(indent=1) + "\n", encoding="utf-8")
        (folder / CARD).unlink(missing_ok=True)  # until all are written it says what is not so
    for name, triplet in latents:
        if triplet.shape != (3, *card.latent_shape):
            raise ShapeError(
                f"the latents of {name} are {triplet.shape}, not 3 of {card.latent_shape}"
            )
        write_triplet(folder / name, triplet)
        _without_rests(folder / name)
    with mended(folder):
        (folder / UNFINISHED).replace(folder / CARD)
        for rest in folder.glob(".latents*.json.*.tmp"):
            rest.unlink(missing_ok=True)


def _without_rests(folder: Path) -> None:
    """Take away what a killed writer left of a triplet."""
    with mended(folder):
        for rest in folder.glob(".latent[123].npy.*.tmp"):
            rest.unlink(missing_ok=True)


class TripletLatents:
    """Latents of a folder of triplets; a file is read when its triplet is asked for.

    Args:
        folder: The folder that holds ``latents.json`` and the triplets' folders. Without the file
            the latents are taken, with a warning, for the model's own.
        model_sha256: Of the model whose latents they must be.
        latent_shape: Shape that one must have.
        data_fingerprint: Of the images they must be of; any if empty.

    Attributes:
        doubt: What nothing in the folder vouches for, in words; empty where it is all said.

    Raises:
        StoreError: If they are another model's, of other images or of another shape, or were not
            all written, or the folder is missing or its ``latents.json`` damaged.
    """

    def __init__(
        self,
        folder: Path | str,
        *,
        model_sha256: str,
        latent_shape: LatentShape,
        data_fingerprint: str = "",
    ):
        self.folder, self.latent_shape, self.doubt = Path(folder), tuple(latent_shape), ""
        if not self.folder.is_dir():
            raise StoreError(
                f"there is no folder of latents {folder}", "write them with encode --npy FOLDER"
            )
        if not (self.folder / CARD).exists():
            if (self.folder / UNFINISHED).exists():
                raise StoreError(
                    f"the latents in {folder} were not all written",
                    "run the same encode --npy again",
                )
            self.doubt = (
                f"the folder {self.folder.resolve().name} has no {CARD}: its latents are taken for "
                "unscaled means of this model and of these images, which nothing says they are"
            )
            warnings.warn(self.doubt, stacklevel=2)
            return
        card = require_own(self.folder, model_sha256)
        if card.latent_shape != self.latent_shape:
            raise StoreError(
                f"the latents in {folder} are {card.latent_shape}, and this model's on these images"
                f" {self.latent_shape}",
                "give the images the size at which they were encoded, or encode again",
            )
        if data_fingerprint and not card.data_fingerprint:
            self.doubt = (
                f"{CARD} in the folder {self.folder.resolve().name} does not say of which images "
                "its latents are: they are taken for these"
            )
            warnings.warn(self.doubt, stacklevel=2)
        elif data_fingerprint and card.data_fingerprint != data_fingerprint:
            raise StoreError(
                f"the latents in {folder} are of other images ({card.data}, resize {card.resize}),"
                " or of these with another size, resize, limit or step",
                "encode these with encode --npy into another folder, or give the same --size, "
                "--resize and settings as there",
            )

    def read(self, names: Iterable[str]) -> np.ndarray:
        """Latents of chosen triplets, float32 ``m 3 *latent``: first, middle, last.

        Raises:
            StoreError: If one is missing, damaged, not finite, or of another shape.
        """
        wanted = list(names)
        found = np.empty((len(wanted), 3, *self.latent_shape), np.float32)
        for row, name in zip(found, wanted, strict=True):
            latents = read_triplet(self.folder / name)
            if latents.shape != row.shape:
                raise StoreError(
                    f"the latents in {self.folder / name} are {latents.shape[1:]}, not"
                    f" {self.latent_shape}",
                    "encode its three frames again",
                )
            if not np.isfinite(latents).all():
                raise StoreError(
                    f"the latents in {self.folder / name} are not finite",
                    "encode its three frames again",
                )
            row[:] = latents
        return found


def read_card(folder: Path | str, name: str = CARD) -> LatentsCard:
    """What ``latents.json`` in a folder says, or the card of a folder that is unfinished.

    Raises:
        StoreError: If it is missing or damaged.
    """
    path = Path(folder) / name
    try:
        return LatentsCard.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, ValidationError) as error:
        raise StoreError(
            f"{path} is missing or damaged", "write the latents again with encode --npy FOLDER"
        ) from error


def require_own(folder: Path | str, model_sha256: str, name: str = CARD) -> LatentsCard:
    """The card of a folder whose latents are of the model with those weights.

    Raises:
        StoreError: If they are another model's, or the card is missing or damaged.
    """
    card = read_card(folder, name)
    if card.model_sha256 != model_sha256:
        raise StoreError(
            f"the latents in {folder} are of another model ({card.model})"
            " or of this one before it was trained further",
            f"encode with this model into another folder, or delete them and {name} first",
        )
    return card


def require_free(folder: Path | str, model_sha256: str) -> None:
    """Refuse a folder in which writing would overwrite latents that are not this model's.

    Raises:
        StoreError: If the folder's card, or that of an unfinished one, is another model's or
            damaged, or latents lie below it without a card.
    """
    folder = Path(folder)
    for name in (CARD, UNFINISHED):
        if (folder / name).exists():
            require_own(folder, model_sha256, name)
            return
    there = next(folder.rglob("latent[123].npy"), None)
    if there is not None:
        raise StoreError(
            f"{there} is there already, and no {CARD} in {folder} says whose latents these are",
            "name another folder, or delete its latent1..3.npy first",
        )


def write_triplet(folder: Path | str, latents: np.ndarray) -> None:
    """Write the latents of first, middle and last frame into their folder.

    Args:
        folder: The triplet's folder; made if it is not there.
        latents: ``3 *latent``, unscaled posterior means; stored as float32.
    """
    folder = Path(folder)
    if latents.ndim < 2 or len(latents) != 3:
        raise ShapeError(f"a motion triplet has three latents, not an array of {latents.shape}")
    with mended(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, latent in zip(NAMES, latents, strict=True):
            with replacing(folder / name) as temporary, temporary.open("wb") as file:
                np.save(file, np.ascontiguousarray(latent, np.float32), allow_pickle=False)


def read_triplet(folder: Path | str) -> np.ndarray:
    """Latents of first, middle and last frame, ``3 *latent`` float32.

    Raises:
        StoreError: If one is missing, damaged, of another shape than the others, or no numbers.
    """
    folder = Path(folder)
    try:
        latents = np.stack([np.load(folder / name, allow_pickle=False) for name in NAMES])
    except OSError as error:
        raise StoreError(
            f"{folder} does not hold {', '.join(NAMES)}", "encode its three frames first"
        ) from error
    except (ValueError, EOFError) as error:  # NumPy's, of an empty file
        raise StoreError(
            f"the latents in {folder} are damaged or differ in shape",
            "encode its three frames again",
        ) from error
    if latents.dtype.kind != "f" or latents.ndim < 2:
        raise StoreError(
            f"the latents in {folder} are {latents.dtype} of shape {latents.shape[1:]}, not"
            " floating-point numbers",
            "encode its three frames again",
        )
    return latents.astype(np.float32, copy=False)

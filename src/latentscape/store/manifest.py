"""What a store says of itself: which model saw which images, and how the numbers are to be read."""

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from latentscape.errors import StoreError
from latentscape.records import Provenance, replacing
from latentscape.shapes import ImageShape, LatentShape, latent_size

FORMAT = 1
MANIFEST = "manifest.json"
PLAN = "plan.json"

SHARD_BYTES = 16 * 2**20
FEWEST_ROWS, MOST_ROWS = 256, 8192
QUICK_PIXELS = 64 * 64  # images of so many are encoded quickly: they do not bound a shard
SHARD_PIXELS = 64 * 256 * 256


class Manifest(BaseModel):
    """The store's description: ``plan.json`` while it is being written, ``manifest.json`` after.

    Attributes:
        model, model_sha256, recipe, seed: The model that encoded.
        data, data_fingerprint, split: The images that were encoded.
        resize: Resize rule of those images, as their source recorded it.
        binarize: Whether the model saw them thresholded at .5.
        class_names: Name of each class; labels index it.
        posterior: Whether a row of ``mean-*.npy`` is the posterior mean or one draw of it.
        has_log_var: Whether ``log_var-*.npy`` lie beside the means.
        pixel_range: Range of pixels that the networks work in; `encode` is given [0, 1].
        prior_matched: Whether training drew the model's latents towards N(0, I).
        scale, shift: Elsewhere the model's latents are used as (z − shift) · scale, one number
            each or one a channel (four a channel where it is in patches of 2×2 cells); the rows
            stored here are raw, neither has been applied.
        precision: Number format in which the encoder ran; the rows themselves are fp32.
        settings: How else it ran, where that may change what comes out.
        latent_shape: Shape of one latent.
        n: Rows in the whole store.
        shard_size: Rows in each shard but the last.
        version: Version of latentscape that wrote the store.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    format: Literal[1] = FORMAT
    model: str
    model_sha256: str
    recipe: str
    seed: int
    data: str
    data_fingerprint: str
    split: str
    resize: str
    binarize: bool = False
    class_names: tuple[str, ...] = ()
    posterior: Literal["mean", "sample"] = "mean"
    has_log_var: bool = False
    pixel_range: tuple[float, float] = (0.0, 1.0)
    prior_matched: bool = True
    scale: float | tuple[float, ...] = 1.0
    shift: float | tuple[float, ...] = 0.0
    precision: Literal["fp32", "bf16"] = "fp32"
    settings: str = ""
    latent_shape: tuple[int, ...]
    n: int
    shard_size: int
    version: str = ""

    @field_validator("n", "shard_size")
    @classmethod
    def _at_least_one(cls, value: int) -> int:
        if value < 1:
            raise ValueError("must be at least 1")
        return value

    @property
    def n_shards(self) -> int:
        """Number of shards of the whole store."""
        return -(-self.n // self.shard_size)

    def rows(self, shard: int) -> slice:
        """Rows of the store that a shard holds."""
        start = shard * self.shard_size
        return slice(start, min(start + self.shard_size, self.n))

    def shape(self, shard: int) -> tuple[int, ...]:
        """Shape of a shard's array."""
        rows = self.rows(shard)
        return (rows.stop - rows.start, *self.latent_shape)

    @property
    def provenance(self) -> Provenance:
        """The store's small print."""
        return Provenance(
            model=self.model,
            recipe=self.recipe,
            data=self.data,
            split=self.split,
            n=self.n,
            seed=self.seed,
            posterior=self.posterior,
            latent_shape=self.latent_shape,
            fingerprint=self.data_fingerprint,
            resize=self.resize,
            model_sha256=self.model_sha256,
            precision=self.precision,
            settings=self.settings,
        )

    def differences(self, other: "Manifest") -> dict[str, str]:
        """What two stores differ in: field to ``field: this → that``; the writer's version aside.

        The model's name is no difference either: a renamed run has the same weights. Nor is what
        follows from its recipe.
        """
        mine, theirs = self.model_dump(), other.model_dump()
        names = [name for name in mine if name not in ("version", "model", "prior_matched")]
        return {
            name: f"{name}: {_brief(mine[name])} → {_brief(theirs[name])}"
            for name in names
            if mine[name] != theirs[name]
        }

    def to_json(self) -> str:
        """The manifest as one JSON text."""
        return self.model_dump_json(indent=1)

    def write(self, path: Path) -> None:
        """Write as JSON, atomically."""
        with replacing(path) as temporary:
            temporary.write_text(self.to_json() + "\n", encoding="utf-8")


def _brief(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:12]}…"


def read_manifest(path: Path) -> Manifest:
    """Read a manifest or a plan.

    Raises:
        StoreError: If it is damaged or of another format.
    """
    try:
        text = path.read_text(encoding="utf-8")
        _require_format(path, text)
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "its JSON"
        raise StoreError(
            f"{path} cannot be read: {where}: {first['msg']}",
            "it is damaged or from another version: encode again into another folder",
        ) from error
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{path} cannot be read ({error})", "encode again into another folder"
        ) from error


def _require_format(path: Path, text: str) -> None:
    content = json.loads(text)
    found = content.get("format", FORMAT) if isinstance(content, dict) else FORMAT
    if found != FORMAT:
        raise StoreError(
            f"the store {path.parent} has format {found}; this version reads format {FORMAT}",
            f"it was written by latentscape {content.get('version') or '?'}: install that version",
        )


def shard_path(folder: Path, kind: Literal["mean", "log_var"], shard: int) -> Path:
    """Where a shard lies: ``mean-00000.npy``."""
    return folder / f"{kind}-{shard:05d}.npy"


def rows_per_shard(latent_shape: LatentShape, image_shape: ImageShape | None = None) -> int:
    """A shard size of about 16 MiB, less of large images: little is lost when an encode is killed.

    Args:
        latent_shape: Of one latent.
        image_shape: Of one image. Above 64×64 pixels a shard holds 4 million pixels at most.

    >>> rows_per_shard((4, 32, 32)), rows_per_shard((4, 32, 32), ImageShape(3, 256, 256))
    (1024, 64)
    """
    wanted = SHARD_BYTES // (4 * latent_size(latent_shape))
    rows = max(FEWEST_ROWS, min(MOST_ROWS, wanted))
    n_pixels = 0 if image_shape is None else image_shape.height * image_shape.width
    if n_pixels <= QUICK_PIXELS:
        return rows
    return min(rows, max(1, SHARD_PIXELS // n_pixels))

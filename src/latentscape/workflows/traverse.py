"""Traverse: what changes in the image as one latent moves and all others are held."""

from pathlib import Path
from typing import Any

import numpy as np

from latentscape.data import DataConfig
from latentscape.errors import UndefinedError, UsageError
from latentscape.records import TraversalRecord
from latentscape.training.snapshot import write_gif
from latentscape.workflows.latents import Latents, open_latents
from latentscape.workflows.opening import decode
from latentscape.workflows.units import Units, units_of

MOST_IMAGES = 10_000
ENDS = (0.02, 0.98)
FILM_SECONDS, FILM_COLUMNS, TILE = 2.4, 5, 64
INK, PAPER = (36, 41, 47), (255, 255, 255)
STRIP = 18  # pixels above each row of tiles, for their names


def traverse(
    model: str | Path,
    data: str | DataConfig | None = None,
    *,
    around: str = "mean",
    n_units: int = 10,
    n_steps: int = 11,
    split: str = "test",
    out: Path | str | None = None,
) -> TraversalRecord:
    """Decode along one latent after another, the one with the most rate first.

    A latent moves through quantiles .02 to .98 of the aggregate posterior (of the means of the
    split's images, at most 10,000) while the others are held. Of a spatial latent, principal
    directions move instead of single cells. A film that moves to and fro lies beside the record.

    Args:
        model: MODEL.
        data: DATA; the model's own images if None.
        around: What is held: ``mean``, or the sample id of one of the split's images.
        n_units: Most latents shown.
        n_steps: Images a latent.
        split: ``train``, ``val``, ``test`` or ``all``.
        out: Stem of the files; ``trajectories/`` in the model's run if None.

    Raises:
        UsageError: If no image has that sample id, or there is nothing to show.
        UndefinedError: If the split has one image only, or no latent moves.
    """
    if n_units < 1 or n_steps < 2:
        raise UsageError(
            f"{n_units} latents in {n_steps} steps are no traversal", "show 1 or more in 2 or more"
        )
    latents = open_latents(model, data, split=split, limit=MOST_IMAGES)
    if latents.subject is None:
        raise UsageError("a store has no decoder", "name the model it was encoded by")
    if len(latents) < 2:
        raise UndefinedError("one image shows no range to traverse", "give more images")
    units, held = units_of(latents), _held(latents, around)
    moving = units.order[np.ptp(units.rows, axis=0)[units.order] > 0][:n_units]
    if not len(moving):
        raise UndefinedError(
            "no latent moves: all images have one posterior mean",
            "`latentscape measure collapse` says what may help",
        )
    record = _decoded(latents, units, held=held, moving=moving, around=around, n_steps=n_steps)
    stem = out or latents.room("trajectories", f"traversal-{_slug(around)}-{latents.stem}")
    if stem is not None:
        record.save(stem)
        _film(record, Path(stem))
    return record


def _held(latents: Latents, around: str) -> np.ndarray:
    """(D,) the latent that is held."""
    if around == "mean":
        return latents.rows.mean(0, dtype=np.float64)
    found = np.flatnonzero(latents.sample_ids == around)
    if not len(found):
        raise UsageError(
            f"no image of {latents.stem} is called {around!r}",
            f"ids look like {latents.sample_ids[0]}; or say mean",
        )
    return latents.rows[found[0]].astype(np.float64)


def _decoded(
    latents: Latents,
    units: Units,
    *,
    held: np.ndarray,
    moving: np.ndarray,
    around: str,
    n_steps: int,
) -> TraversalRecord:
    assert latents.subject is not None
    model = latents.subject.model
    shape = model.autoencoder.latent_shape
    quantiles = np.linspace(*ENDS, n_steps)
    values = np.quantile(units.rows[:, moving], quantiles, axis=0).T  # units steps
    steps = values - units.along(held)[moving, None]
    walks = held + steps[:, :, None] * units.directions[moving, None, :]  # units steps D
    flat = np.concatenate([walks.reshape(-1, held.size), held[None]]).astype(np.float32)
    images = decode(model, flat.reshape(-1, *shape))
    return TraversalRecord(
        provenance=latents.provenance,
        axes=units.axes,
        around=around,
        unit_names=tuple(units.names[i] for i in moving),
        n_units=len(units.names),
        rate=units.rate[moving],
        ranked_by=units.ranked_by,
        quantiles=tuple(quantiles.tolist()),
        values=values,
        latents=flat[:-1].reshape(len(moving), n_steps, *shape),
        frames=images[:-1].reshape(len(moving), n_steps, *images.shape[1:]),
        held=images[-1],
    )


def _film(record: TraversalRecord, stem: Path) -> None:
    """``stem.gif``: every unit of the record in a tile of its own, moving to and fro at once."""
    from PIL import Image, ImageDraw, ImageFont

    columns = min(FILM_COLUMNS, len(record.frames))
    frames = np.moveaxis(record.frames, 2, -1)  # units steps height width channels
    if frames.shape[-1] not in (1, 3):
        frames = frames.mean(-1, keepdims=True).round().astype(np.uint8)
    font: Any = ImageFont.load_default(size=11)
    there = list(range(frames.shape[1]))
    pictures = []
    for step in there + there[-2:0:-1]:
        tiles = [_scaled(image) for image in frames[:, step]]
        side, width = tiles[0].shape[0] + STRIP, tiles[0].shape[1] + 2
        rows = -(-len(tiles) // columns)
        picture = Image.new("RGB", (columns * width, rows * side), PAPER)
        draw = ImageDraw.Draw(picture)
        for i, image in enumerate(tiles):
            x, y = (i % columns) * width, (i // columns) * side
            draw.text((x + 1, y + 2), _named(record, i), fill=INK, font=font)
            picture.paste(Image.fromarray(image), (x + 1, y + STRIP))
        pictures.append(picture)
    write_gif(pictures, stem.with_name(f"{stem.name}.gif"), seconds=FILM_SECONDS, rest=0)


def _scaled(image: np.ndarray) -> np.ndarray:
    """RGB ``height width 3`` of at least 64 pixels a side, or over that at most 128."""
    from PIL import Image

    image = np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image
    side = max(image.shape[:2])
    if side > 2 * TILE:
        step = -(-side // (2 * TILE))
        small = Image.fromarray(image).reduce(step)
        return np.asarray(small)
    scale = max(1, TILE // side)
    return image.repeat(scale, 0).repeat(scale, 1)


def _named(record: TraversalRecord, i: int) -> str:
    unit = " nat" if record.ranked_by == "KL" else ""
    return f"{record.unit_names[i].split()[-1]}: {record.rate[i]:.2g}{unit}"


def _slug(text: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in text.lower()).strip("-")

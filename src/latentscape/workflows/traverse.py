"""Traverse: what changes in the image as one latent moves and all others are held."""

from pathlib import Path

import numpy as np
import torch

from latentscape.data import DataConfig
from latentscape.errors import UndefinedError, UsageError
from latentscape.records import TraversalRecord
from latentscape.workflows.film import write_film
from latentscape.workflows.latents import Latents, open_latents
from latentscape.workflows.opening import decode
from latentscape.workflows.units import Units, units_of

MOST_IMAGES = 10_000
ENDS = (0.02, 0.98)


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
        names = [_named(record, i) for i in range(len(record.frames))]
        write_film(record.frames, names, Path(stem))
    return record


def _held(latents: Latents, around: str) -> np.ndarray:
    """(D,) the latent that is held."""
    if around == "mean":
        return latents.rows.mean(0, dtype=np.float64)
    assert latents.subject is not None
    row = latents.subject.row_of(around)
    if row is None:
        raise UsageError(
            f"no image of {latents.stem} is called {around!r}",
            f"ids look like {latents.sample_ids[0]}; or say mean",
        )
    with torch.inference_mode():
        pixels = latents.subject.pixels(np.array([row]))
        mean = latents.subject.model.autoencoder.encode(pixels).mean
    return mean.flatten().cpu().double().numpy()


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


def _named(record: TraversalRecord, i: int) -> str:
    unit = " nat" if record.ranked_by == "KL" else ""
    return f"{record.unit_names[i].split()[-1]}: {record.rate[i]:.2g}{unit}"


def _slug(text: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in text.lower()).strip("-")

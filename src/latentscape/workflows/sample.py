"""Sample: what the decoder paints from latents that no image was encoded to."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from latentscape.errors import UsageError
from latentscape.models import OpenModel, open_model
from latentscape.projection import principal_axes
from latentscape.records import Provenance, SheetRecord
from latentscape.shapes import latent_size
from latentscape.store import Store
from latentscape.training.recipes import prior_matched
from latentscape.workflows.latents import open_latents
from latentscape.workflows.mixture import drawn_from_mixture
from latentscape.workflows.opening import decode, require_own_store, room_in

MOST_LATENTS = 20_000
LATENT_AXES = ("latent 1", "latent 2")
PRINCIPAL_AXES = ("principal axis 1", "principal axis 2")


@dataclass(frozen=True)
class Sheet:
    """A sheet before it is decoded: its latents and its words."""

    name: str
    title: str
    note: str
    latents: np.ndarray
    rows: int
    columns: int
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()
    axes: tuple[str, str] = LATENT_AXES


def sample_prior(
    model: str | Path,
    *,
    rows: int = 8,
    columns: int = 8,
    seed: int = 0,
    out: Path | str | None = None,
) -> SheetRecord:
    """Decode draws from the prior N(0, I).

    Args:
        model: MODEL.
        rows, columns: Size of the sheet.
        seed: Of the draws.
        out: Stem of the record's files; ``samples/`` in the model's run if None.
    """
    _require_room(rows, columns)
    opened = open_model(model)
    shape = opened.autoencoder.latent_shape
    rng = np.random.default_rng(seed)
    note = "draws from N(0, I)"
    if not prior_matched(opened.recipe, posterior=opened.autoencoder.posterior):
        note += "; nothing made this model's latents follow it, so expect little: see the mixture"
    latents = rng.standard_normal((rows * columns, *shape), np.float32)
    sheet = Sheet("prior", "Samples from the prior", note, latents, rows, columns)
    return _decoded(opened, sheet, None, seed=seed, out=out)


def sample_mixture(
    model: str | Path,
    store: Path | str | None = None,
    *,
    n_components: int = 10,
    rows: int = 8,
    columns: int = 8,
    seed: int = 0,
    out: Path | str | None = None,
) -> SheetRecord:
    """Decode draws from a Gaussian mixture fitted to the latents: a plain autoencoder's prior.

    Fitted to standardised posterior means (at most 20,000 of them), with full covariances up to
    64 numbers a latent and diagonal ones above.

    Args:
        model: MODEL.
        store: Its latents, as `encode` wrote them; if None the model's training images are
            encoded here, so that no held-out image has a part in what is drawn.
        n_components: Gaussians in the mixture; fewer where there are under ten latents for each.
        rows, columns: Size of the sheet.
        seed: Of fit and draws.
        out: Stem of the record's files; ``samples/`` in the model's run if None.

    Raises:
        StoreError: If the store is damaged, or another model's.

    Reference: Ghosh et al. 2020, From variational to deterministic autoencoders, §4 (ex-post
    density estimation).
    """
    _require_room(rows, columns)
    if n_components < 1:
        raise UsageError(f"a mixture of {n_components} Gaussians is none", "give at least 1")
    opened, found = open_model(model), None
    if store is None:
        latents = open_latents(model, split="train", limit=MOST_LATENTS, seed=seed)
        means, split = latents.means, "train"
    else:
        found = Store.open(store)
        require_own_store(opened, found)
        means, split = found.rows(found.choice(MOST_LATENTS, seed=seed)), found.manifest.split
    drawn, note = drawn_from_mixture(means, n_components, rows * columns, seed=seed)
    note += f" (images of {'every split' if split == 'all' else f'the {split} split'})"
    sheet = Sheet("mixture", "Samples from a mixture", note, drawn, rows, columns)
    return _decoded(opened, sheet, found, seed=seed, out=out)


def manifold_prior(
    model: str | Path,
    store: Path | str | None = None,
    *,
    side: int = 20,
    out: Path | str | None = None,
) -> SheetRecord:
    """Decode a grid of the prior's quantiles: equal probability between neighbours.

    Covers the prior, not where images are: see `manifold_aggregate`. With more than two latents
    the grid lies in a plane through the origin, along the first two principal axes of the
    latents in the store; without one, along the first two latents.

    Args:
        model: MODEL, with at least two latents.
        store: Its latents; looked for in the model's run if None.
        side: Images a side.
        out: Stem of the record's files; ``samples/`` in the model's run if None.
    """
    _require_room(side, side)
    opened = open_model(model)
    shape = _require_plane(opened)
    found = Store.open(store) if store is not None else _own_store(opened)
    if found is not None:
        require_own_store(opened, found)
    from scipy.stats import norm

    quantiles = norm.ppf(_middles(side))
    note = "quantiles of N(0, 1) on each latent"
    axes, names = np.eye(2, latent_size(shape)), LATENT_AXES
    if latent_size(shape) > 2:
        note = "quantiles of N(0, 1) on the first two latents, the others 0"
        if found is not None:
            (axes, _), names = _plane(found), PRINCIPAL_AXES
            note = (
                "quantiles of N(0, 1) along the first two principal axes of the aggregate "
                "posterior, through the origin"
            )
    sheet = _grid(
        ("manifold-prior", "Manifold over the prior", note),
        (quantiles, quantiles),
        axes,
        np.zeros(latent_size(shape)),
    )
    sheet = replace(sheet, axes=names)
    return _decoded(opened, sheet, found, seed=0, out=out)


def manifold_aggregate(
    model: str | Path,
    store: Path | str,
    *,
    side: int = 20,
    out: Path | str | None = None,
) -> SheetRecord:
    """Decode a grid of the aggregate posterior's quantiles: where the images are.

    Two latents are taken as they are; of more, the first two principal axes through the mean.

    Args:
        model: MODEL, with at least two latents.
        store: Its latents, as `encode` wrote them.
        side: Images a side.
        out: Stem of the record's files; ``samples/`` in the model's run if None.

    Raises:
        StoreError: If the store is damaged, or another model's.
    """
    _require_room(side, side)
    opened, found = open_model(model), Store.open(store)
    require_own_store(opened, found)
    size = latent_size(_require_plane(opened))
    means = _means(found)
    if size > 2:
        (axes, centre), names = _plane(found), PRINCIPAL_AXES
        note = "quantiles of the posterior means along their first two principal axes"
    else:
        axes, centre, names = np.eye(2), np.zeros(2), LATENT_AXES
        note = "quantiles of the posterior means on each latent"
    across, down = np.quantile((means - centre) @ axes.T, _middles(side), axis=0).T
    words = ("manifold-aggregate", "Manifold over the aggregate posterior", note)
    sheet = replace(_grid(words, (across, down), axes, centre), axes=names)
    return _decoded(opened, sheet, found, seed=0, out=out)


def _grid(
    words: tuple[str, str, str],
    quantiles: tuple[np.ndarray, np.ndarray],
    axes: np.ndarray,
    centre: np.ndarray,
) -> Sheet:
    """Latents on a plane: x from left to right, y from top (largest) to bottom."""
    across, down = quantiles[0], quantiles[1][::-1]
    y, x = np.meshgrid(down, across, indexing="ij")
    plane = np.stack([x.ravel(), y.ravel()], axis=1)
    return Sheet(
        *words,
        latents=plane @ axes + centre,
        rows=len(down),
        columns=len(across),
        x=tuple(across.tolist()),
        y=tuple(down.tolist()),
    )


def _decoded(
    model: OpenModel,
    sheet: Sheet,
    store: Store | None,
    *,
    seed: int,
    out: Path | str | None,
) -> SheetRecord:
    shape = model.autoencoder.latent_shape
    latents = sheet.latents.astype(np.float32).reshape(-1, *shape)
    record = SheetRecord(
        provenance=_provenance(model, store, seed=seed, n=len(latents)),
        name=sheet.name,
        title=sheet.title,
        note=sheet.note,
        images=decode(model, latents),
        latents=latents,
        rows=sheet.rows,
        columns=sheet.columns,
        x=sheet.x,
        y=sheet.y,
        axes=sheet.axes,
        prior_matched=prior_matched(model.recipe, posterior=model.autoencoder.posterior),
    )
    stem = out or room_in(model, "samples", sheet.name)
    if stem is not None:
        record.save(stem)
    return record


def _provenance(model: OpenModel, store: Store | None, *, seed: int, n: int) -> Provenance:
    manifest = None if store is None else store.manifest
    source = "" if model.data is None else model.data.source
    return Provenance(
        model=model.name,
        recipe=model.recipe,
        data=source if manifest is None else manifest.data,
        split="" if manifest is None else manifest.split,
        n=n,
        seed=seed,
        latent_shape=model.autoencoder.latent_shape,
        fingerprint="" if manifest is None else manifest.data_fingerprint,
        model_sha256=model.sha256,
        precision=model.precision,
        settings=model.settings,
    )


def _own_store(model: OpenModel) -> Store | None:
    """The first finished store of the model's run that this model wrote."""
    if model.folder is None:
        return None
    for manifest in sorted((model.folder / "stores").glob("*/manifest.json")):
        store = Store.open(manifest.parent)
        if store.manifest.model_sha256 == model.sha256:
            return store
    return None


def _means(store: Store) -> np.ndarray:
    means = store.rows(store.choice(MOST_LATENTS, seed=0))
    return means.reshape(len(means), -1).astype(np.float64)


def _plane(store: Store) -> tuple[np.ndarray, np.ndarray]:
    """The first two principal axes of the aggregate posterior's means, and their mean."""
    means = _means(store)
    centre = means.mean(0)
    return principal_axes(means - centre)[0], centre


def _middles(side: int) -> np.ndarray:
    """Middles of `side` equal parts of [0, 1]."""
    return (np.arange(side) + 0.5) / side


def _require_room(rows: int, columns: int) -> None:
    if min(rows, columns) < 1:
        raise UsageError(f"a sheet of {rows} × {columns} images is empty", "give at least 1 × 1")


def _require_plane(model: OpenModel) -> tuple[int, ...]:
    shape = model.autoencoder.latent_shape
    if latent_size(shape) < 2:
        raise UsageError(
            f"{model.name} has one latent: a line, not a plane", "draw samples from its prior"
        )
    return shape

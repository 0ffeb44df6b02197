"""Maps of an exhibit: those that were kept, one made on opening, and the ways to and from each."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from latentscape.errors import LatentscapeError
from latentscape.projection import PCA, PROJECTORS, Latent, Projector, load_projector
from latentscape.projection.lift import (
    AROUND,
    ExactLift,
    InverseLift,
    Lift,
    NeighbourLift,
    placed_among,
)
from latentscape.projection.search import Nearest
from latentscape.records import MapRecord, run_records
from latentscape.records.exhibit import Lifting, MapCard
from latentscape.workflows.explore.stored import Stored

SAME = 1e-3  # of a map's extent, by which a refitted PCA may be off the stored one
WIDE = 4_096  # numbers a latent, above which PCA on opening looks at a choice of samples
CHOICE = 1_000

LIFTING = {
    "exact": "The plane is the latent space itself: a place on it is a latent.",
    "inverse": "A place stands for the point of the plane of principal components; the other "
    "directions are at their mean.",
    "neighbours": f"A place stands for the mean of the latents of the {AROUND} points around, "
    "weighted by nearness: an estimate, as this map has no inverse.",
}
PLACING = {
    "identity": "A latent lies where its numbers say.",
    "projector": "A latent is placed by the fitted projection itself.",
    "neighbours": f"A latent is placed among the {AROUND} samples nearest to it in the latent "
    "space, weighted by nearness: the map's own projection was not kept.",
}


@dataclass
class Plane:
    """One map: its points, and the ways to and from it.

    Attributes:
        name: As it is asked for.
        positions: (m, 2) float32.
        rows: (m,) the sample of each point.
        stored: The samples.
        record: As it was kept; None of a map made on opening.
        projector: Fitted to the latents of the points, where there is one at hand.
    """

    name: str
    positions: np.ndarray
    rows: np.ndarray
    stored: Stored
    record: MapRecord | None = None
    projector: Projector | None = None
    method: str = field(default="")

    @property
    def is_whole(self) -> bool:
        """Whether it shows every sample, in their order."""
        n = len(self.stored)
        return len(self.rows) == n and bool((self.rows == np.arange(n)).all())

    @cached_property
    def latents(self) -> np.ndarray:
        """``m D`` latents of the points."""
        whole = self.stored.latents
        return whole if self.is_whole else whole[self.rows]

    @cached_property
    def _nearest(self) -> Nearest:
        return self.stored.nearest if self.is_whole else Nearest(self.latents)

    @cached_property
    def lift(self) -> Lift:
        """The way back from it."""
        if self.lifting == "exact":
            return ExactLift(self.positions, size=self.stored.size)
        if self.lifting == "inverse" and isinstance(self.projector, PCA):
            return InverseLift(self.positions, self.projector, size=self.stored.size)
        return NeighbourLift(self.positions, self.latents)

    @property
    def lifting(self) -> Lifting:
        """``exact``, ``inverse`` or ``neighbours``."""
        if self.method == Latent.name:
            return "exact"
        # Of latents that are all one point a PCA has no axes.
        is_linear = isinstance(self.projector, PCA) and self.projector.mean.size > 0
        return "inverse" if is_linear else "neighbours"

    def place(self, latents: np.ndarray) -> np.ndarray:
        """(k, 2) float32 where ``k D`` latents lie on it."""
        if self.method == Latent.name:
            return np.pad(latents, ((0, 0), (0, 2 - latents.shape[1]))).astype(np.float32)
        if self.projector is not None:
            return self.projector.transform(self.stored.shaped(latents))
        k = min(AROUND, len(self.rows))
        wanted = min(k + 1, len(self.rows))
        near, distances = self._nearest(latents, wanted)
        if wanted == k:
            distances = np.pad(distances, ((0, 0), (0, 1)), constant_values=np.inf)
        return placed_among(self.positions, near[:, :k], distances)

    @property
    def card(self) -> MapCard:
        """What the page is told of it."""
        has_latents = self.stored.means is not None
        placing = "neighbours" if self.projector is None else "projector"
        placing = "identity" if self.method == Latent.name else placing
        record = self.record
        projector = PROJECTORS[self.method]
        axes = ("", "")
        if record is not None:
            axes = record.axes
        elif self.method == Latent.name:
            axes = ("z₁", "z₂" if self.stored.size == 2 else "")
        elif self.projector is not None:
            axes = self.projector.axes
        return MapCard(
            name=self.name,
            method=self.method,
            title=projector.title,
            n=len(self.rows),
            axes=axes,
            faithfulness=None if record is None else record.faithfulness,
            baselines=() if record is None else record.baselines,
            lifting=self.lifting,
            lifting_words=LIFTING[self.lifting] if has_latents else "",
            placing_words=PLACING[placing] if has_latents else "",
            manifold=has_latents,
        )


def planes_of(stored: Stored, run: Path | None) -> tuple[dict[str, Plane], list[str]]:
    """Maps of some samples by name, those that say most first.

    A run's maps whose points are among the samples; and the latent plane, or PCA, made here where
    none was kept.

    Returns:
        The maps, and a sentence on each that was kept and cannot be shown.
    """
    found: dict[str, Plane] = {}
    records, notes = ([], []) if run is None else run_records(run, ("maps",))
    for name, record in records:
        if not isinstance(record, MapRecord) or record.method not in PROJECTORS:
            continue
        plane, note = _kept(stored, name, record=record, run=run)
        if plane is not None:
            found[name] = plane
        if note:
            notes.append(note)
    own = Latent.name if stored.size <= 2 else PCA.name
    if stored.means is not None and own not in {plane.method for plane in found.values()}:
        plane = _made(stored, own)
        if plane is not None:
            found[plane.name] = plane
    order = [Latent.name, *PROJECTORS]
    ranked = sorted(found.values(), key=lambda plane: order.index(plane.method))
    return {plane.name: plane for plane in ranked}, notes


def _kept(
    stored: Stored, name: str, *, record: MapRecord, run: Path | None
) -> tuple[Plane | None, str]:
    """A map that was kept, and what is to be said of it."""
    mine, theirs = stored.provenance, record.provenance
    if mine.split != theirs.split or mine.data != theirs.data:
        return None, ""  # of another of the run's stores
    for what, here, there in (
        ("latents of another model, or of this one before it was trained further",
         mine.model_sha256, theirs.model_sha256),
        ("other images", mine.fingerprint, theirs.fingerprint),
        ("latents of another shape", mine.latent_shape, theirs.latent_shape),
    ):  # fmt: skip
        if here and there and here != there:
            return None, f"the map {name} is of {what}; it is left out. Make it again: " \
                f"`latentscape project`."  # fmt: skip
    rows = stored.rows_of(record.sample_ids)
    known = rows >= 0
    if not known.any():
        return None, f"the map {name} shows none of these samples; it is left out."
    lost = len(rows) - int(known.sum())
    note = f"{lost:,} points of the map {name} are not among the samples shown." if lost else ""
    if lost and stored.notes:
        note = ""  # a choice of samples was asked for
    record = record if not lost else _cut(record, known)
    plane = Plane(name, np.asarray(record.positions, np.float32), rows[known], stored, record,
                  method=record.method)  # fmt: skip
    plane.projector = _projector_of(plane, run)
    return plane, note


def _cut(record: MapRecord, known: np.ndarray) -> MapRecord:
    trust = None if record.trust is None else record.trust[known]
    return record.model_copy(update={"positions": record.positions[known], "trust": trust})


def _projector_of(plane: Plane, run: Path | None) -> Projector | None:
    """What placed the points: PCA fitted again, or found from a choice of its points, if they come
    out the same; else as it was kept."""
    if plane.stored.means is None or plane.method == Latent.name:
        return None
    if plane.method == PCA.name:
        latents = plane.stored.shaped(plane.latents)
        if len(latents) < PCA.fewest:
            return None
        fitted = PCA().fit(latents)
        if _places_alike(fitted, plane):
            return fitted
        recovered = _recovered(fitted, plane)
        return recovered if recovered is not None and _places_alike(recovered, plane) else None
    path = None if run is None else run / "maps" / f"{plane.name}-projector.npz"
    if path is None or not path.exists():
        return None
    try:
        return load_projector(path)
    except LatentscapeError:
        return None


def _places_alike(projector: PCA, plane: Plane) -> bool:
    extent = float(np.ptp(plane.positions, axis=0).max())
    placed = projector.transform(plane.stored.shaped(plane.latents))
    return float(np.abs(placed - plane.positions).max()) <= SAME * extent


def _recovered(fitted: PCA, plane: Plane) -> PCA | None:
    """The axes by which the points were placed, where the latents are a choice of those that PCA
    was fitted to: positions = (z − mean) · axes, by least squares. What the mean is off the plane
    is not in the positions, so it is that of the choice; None where the axes are not determined.
    """
    latents, placed = plane.latents.astype(np.float64), plane.positions.astype(np.float64)
    n, size = latents.shape
    if fitted.mean.size == 0 or n <= size or size > WIDE:
        return None
    here, there = latents.mean(0), placed.mean(0)
    centred = latents - here
    axes, _, rank, _ = np.linalg.lstsq(centred, placed - there, rcond=None)
    if rank < size or np.abs(axes.T @ axes - np.eye(2)).max() > SAME:
        return None
    mean = here - axes @ there
    total = np.square(latents - mean).sum()
    explained = [float(share) for share in np.square(placed).sum(0) / total]
    told = None if plane.record is None else plane.record.parameters.get("explained_variance")
    return fitted.turned(mean, axes.T, explained=explained if told is None else list(told))


def _made(stored: Stored, method: str) -> Plane | None:
    """The latent plane, or PCA, of all samples; None where there are too few."""
    name, rows = f"{stored.name}-{method}", np.arange(len(stored))
    if method == Latent.name:
        positions = np.pad(stored.latents, ((0, 0), (0, 2 - stored.size)))
        return Plane(name, positions, rows, stored, method=method)
    if len(stored) < PCA.fewest:
        return None
    seen = rows
    if stored.size > WIDE and len(stored) > CHOICE:
        seen = np.random.default_rng(0).permutation(len(stored))[:CHOICE]
    projector = PCA().fit(stored.shaped(stored.latents[seen]))
    positions = projector.transform(stored.shaped(stored.latents))
    return Plane(name, positions, rows, stored, projector=projector, method=method)

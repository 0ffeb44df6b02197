"""One exhibit: all that can be asked of a run's latents. Every answer has a file of its own."""

from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from math import prod
from pathlib import Path
from threading import Lock

import numpy as np

from latentscape.errors import LatentscapeError, RunError, UsageError
from latentscape.errors import nearest as nearest_word
from latentscape.records import Provenance, ReconstructionRecord, read_run, run_records
from latentscape.records.exhibit import (
    Ability,
    Dials,
    Dropped,
    Epochs,
    ExhibitCard,
    FilmKind,
    Found,
    ImageKind,
    Journey,
    Look,
    Manifold,
    MapCard,
    Middles,
    MotionCard,
    SampleCard,
    SampleNumber,
    Travel,
)
from latentscape.workflows.explore import films, motion, training, travel
from latentscape.workflows.explore.columns import Columns, columns_of
from latentscape.workflows.explore.dials import dials_of
from latentscape.workflows.explore.dropping import dropped
from latentscape.workflows.explore.kept import Kept
from latentscape.workflows.explore.live import Live, require_latents
from latentscape.workflows.explore.looking import looked_at, manifold_of
from latentscape.workflows.explore.maps import Plane, planes_of
from latentscape.workflows.explore.pictures import Pictures, shrunk
from latentscape.workflows.explore.search import found_by, neighbours_of
from latentscape.workflows.explore.stored import Stored

KEPT_BYTES = 64 * 2**20
AT_ONCE_BYTES = 64 * 2**20  # of images that are yet to be made smaller


class OpenExhibit:
    """One run's latents, and what can be done with them; an `Exhibit` of the server.

    Args:
        key: By which it is asked for.
        name: As the user named it.
        run: The run folder; None where the latents lie in no run.
        stored: The samples and their latents.
        device: Of the model.

    Attributes:
        live: The model, opened when it is first needed.
        pictures: The original images, loaded when they are first needed.
        planes: Maps by name.
        manifolds: Grids that were decoded lately.
    """

    def __init__(
        self, key: str, name: str, *, run: Path | None, stored: Stored, device: str = "auto"
    ):
        self.key, self.name, self.run, self.stored = key, name, run, stored
        self.live = Live(run, stored, device=device)
        self.pictures = Pictures(run, stored)
        self.planes, self._map_notes = planes_of(stored, run)
        self._reconstructions = Kept(KEPT_BYTES)
        self.manifolds = Kept(KEPT_BYTES)
        self._lock = Lock()

    @property
    def provenance(self) -> Provenance:
        """The small print of its latents."""
        return self.stored.provenance

    @property
    def latent_shape(self) -> tuple[int, ...]:
        """Shape of one latent; latents come and go flattened."""
        return self.stored.latent_shape

    def __len__(self) -> int:
        return len(self.stored)

    @property
    def card(self) -> ExhibitCard:
        """What there is to see and to do, as far as is known by now."""
        return ExhibitCard(
            key=self.key,
            name=self.name,
            provenance=self.provenance,
            n=len(self.stored),
            latent_shape=self.latent_shape,
            image_shape=self.image_shape,
            class_names=self.stored.class_names,
            maps=self.maps,
            columns=tuple(self.columns.cards.values()),
            ways=travel.ways(self),
            abilities=self.abilities
            | {
                "travel": travel.ability(self),
                "motion": motion.ability(self),
                "training": training.ability(self),
            },
            warnings=self._warnings,
        )

    @property
    def maps(self) -> tuple[MapCard, ...]:
        """Cards of the maps."""
        return tuple(plane.card for plane in self.planes.values())

    @property
    def abilities(self) -> dict[str, Ability]:
        """What images and model allow, as far as is known by now; others build on it."""
        live = self.live.ability
        if self.stored.means is None:
            live = Ability(possible=False, why="only a map was kept, not the latents",
                           hint="encode the images: `latentscape encode`")  # fmt: skip
        names = ("reconstructions", "decode", "encode", "dials")
        return {"images": self.pictures.ability} | dict.fromkeys(names, live)

    @cached_property
    def traveller(self) -> travel.Traveller:
        """Travels among these latents; what it prepares is kept."""
        return travel.Traveller(self.live, self.stored)

    @cached_property
    def moving(self) -> motion.Moving:
        """The triplets of its moving picture; what is found out of them is kept."""
        return motion.moving_of(self)

    @cached_property
    def columns(self) -> Columns:
        """Every number and category of the samples."""
        maps = {
            plane.name: (plane.record, plane.rows)
            for plane in self.planes.values()
            if plane.record is not None
        }
        return columns_of(self.stored, reconstruction=self._reconstruction, maps=maps)

    @cached_property
    def _measures(self) -> tuple[list, list[str]]:
        """Records of this model on these images, and a sentence on each that cannot be read."""
        if self.run is None:
            return [], []
        found, unreadable = run_records(self.run, ("measures",))
        mine = self.provenance
        own = [
            record
            for _, record in found
            if (theirs := getattr(record, "provenance", None)) is not None
            and (theirs.data, theirs.split) == (mine.data, mine.split)
            and _agree(theirs.model_sha256, mine.model_sha256)
            and _agree(theirs.fingerprint, mine.fingerprint)
        ]
        return own, unreadable

    @property
    def _reconstruction(self) -> ReconstructionRecord | None:
        found = [r for r in self._measures[0] if isinstance(r, ReconstructionRecord)]
        return found[0] if found else None

    @property
    def _warnings(self) -> tuple[str, ...]:
        """What the run's own records warn of, and what opening them came to."""
        records, unreadable = self._measures
        told = [text for record in records for text in getattr(record, "warnings", ())]
        return tuple(dict.fromkeys([*told, *self.stored.notes, *self._map_notes, *unreadable]))

    @cached_property
    def image_shape(self) -> tuple[int, int, int] | None:
        """Channels (1 or 3), height and width as shown; None where the run is not known."""
        if self.run is None:
            return None
        told = read_run(self.run)["model"]["image_shape"]
        whole = isinstance(told, list) and all(type(side) is int and side > 0 for side in told)
        if not (whole and len(told) == 3):
            raise RunError(
                f"the run.json of {self.run.name} is damaged: its image_shape is {told!r}",
                "restore it from a copy, or train again",
            )
        channels, height, width = told
        return (3 if channels >= 3 else 1, height, width)

    def column(self, name: str) -> np.ndarray:
        """(n,) float32 of every sample; NaN, or −1 of a category, where there is no value."""
        if name not in self.columns.cards:
            known = nearest_word(name, self.columns.cards)
            raise UsageError(f"{self.name} has no column {name!r}", known)
        return self.columns[name]

    def points(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """(m, 2) float32 positions on a map, and (m,) uint32 the sample of each."""
        plane = self.plane(name)
        return plane.positions.astype(np.float32, copy=False), plane.rows.astype(np.uint32)

    def plane(self, name: str) -> Plane:
        """The map of that name.

        Raises:
            UsageError: If there is none.
        """
        if name not in self.planes:
            raise UsageError(f"{self.name} has no map {name!r}", nearest_word(name, self.planes))
        return self.planes[name]

    def rows(self, rows: Sequence[int]) -> np.ndarray:
        """Rows that were asked for, as an array.

        Raises:
            UsageError: If one is no sample's.
        """
        asked = np.asarray(rows, np.int64).reshape(-1)
        wrong = asked[(asked < 0) | (asked >= len(self))]
        if len(wrong):
            raise UsageError(
                f"{self.name} has no row {int(wrong[0])}", f"rows go from 0 to {len(self) - 1}"
            )
        return asked

    def images(self, rows: Sequence[int], kind: ImageKind, side: int | None) -> np.ndarray:
        """Chosen images, brought to at most `side` pixels where it is given."""
        asked = self.rows(rows)
        made = self.pictures if kind == "original" else self._decoded
        step = max(1, len(asked))
        if side is not None and self.image_shape is not None:
            step = max(1, AT_ONCE_BYTES // prod(self.image_shape))
        parts = [
            shrunk(made(asked[start : start + step]), side)
            for start in range(0, max(1, len(asked)), step)
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _decoded(self, rows: np.ndarray) -> np.ndarray:
        found = {row: self._reconstructions.get(row) for row in rows.tolist()}
        missing = [row for row, image in found.items() if image is None]
        if missing or not found:
            images = self.decode(self.stored.latents[missing])
            if not found:
                return images
            for row, image in zip(missing, images, strict=True):
                found[row] = image
                self._reconstructions.put(row, image.copy())
        return np.stack([image for row in rows.tolist() if (image := found[row]) is not None])

    def sample(self, row: int) -> SampleCard:
        """One sample's identity, numbers and nearest in the latent space."""
        (row,) = self.rows([row]).tolist()
        stored = self.stored
        near: tuple[int, ...] = ()
        far: tuple[float, ...] = ()
        if stored.means is not None:
            near, far = neighbours_of(stored.means[row], stored, but=row)
        return SampleCard(
            row=row,
            sample_id=str(stored.sample_ids[row]),
            label=int(stored.labels[row]),
            group=str(stored.groups[row]),
            split=str(stored.splits[row]),
            numbers=tuple(self._number(name, row) for name in self.columns.cards),
            neighbours=near,
            distances=far,
        )

    def _number(self, name: str, row: int) -> SampleNumber:
        card, value = self.columns.cards[name], self.columns.at(name, row)
        if card.form == "category":
            known = 0 <= value < len(card.categories)
            return SampleNumber(name=name, value=value if known else None,
                                text=card.categories[int(value)] if known else "")  # fmt: skip
        return SampleNumber(name=name, value=value if np.isfinite(value) else None)

    def find(self, text: str, limit: int) -> Found:
        """Samples by id or class, best first."""
        return found_by(text, self.stored, limit=limit)

    def latents(self, rows: Sequence[int]) -> np.ndarray:
        """(k, D) posterior means of samples."""
        return self.stored.latents[self.rows(rows)]

    def lift(self, name: str, x: float, y: float) -> tuple[np.ndarray, Look]:
        """(D,) the latent that a place of a map stands for, and how far to trust it."""
        return looked_at(self.plane(name), x, y)

    def place(self, name: str, latents: np.ndarray) -> np.ndarray:
        """(k, 2) float32 where latents lie on a map."""
        plane = self.plane(name)
        require_latents(latents, self.stored)
        with self._lock:
            return plane.place(latents)

    def decode(self, latents: np.ndarray) -> np.ndarray:
        """Images; one call at a time, many latents a call."""
        return self.live.decode(latents)

    def manifold(self, name: str, side: int) -> tuple[Manifold, np.ndarray]:
        """A decoded grid of `side` tiles each way over a map, and its images."""
        return manifold_of(self, self.plane(name), side=side)

    def travel(self, journey: Journey) -> tuple[Travel, dict[str, np.ndarray]]:
        """The judged trajectory; ``frames``, ``dissolve`` and ``originals`` beside it."""
        return travel.travelled(self, journey)

    def film(self, journey: Journey, kind: FilmKind) -> bytes:
        """The trajectory as a file."""
        return films.filmed(self, journey, kind)

    def dials(self) -> tuple[Dials, np.ndarray, np.ndarray]:
        """The dials, their directions (k, D) and the centre (D,)."""
        return self._dials

    @cached_property
    def _dials(self) -> tuple[Dials, np.ndarray, np.ndarray]:
        return dials_of(self.stored)

    def drop(self, image: np.ndarray) -> tuple[Dropped, np.ndarray, np.ndarray]:
        """An image uint8 ``height width 3`` encoded: where it lands, its latent (D,), the image as
        the model sees it and its reconstruction."""
        return dropped(self, image)

    def motion(self) -> tuple[MotionCard, dict[str, np.ndarray]]:
        """Triplets and shots, and the arrays that `MotionCard` names."""
        return motion.moved(self)

    def middles(self, triplet: int) -> tuple[Middles, np.ndarray]:
        """Frames of a triplet, true and guessed."""
        return motion.middles_of(self, triplet)

    def training(self) -> tuple[Epochs, dict[str, np.ndarray]]:
        """Training epoch by epoch, and the arrays that `Epochs` names."""
        return training.trained(self)

    def epoch(self, epoch: int) -> bytes:
        """The prediction matrix of an epoch, a PNG."""
        return training.epoch_picture(self, epoch)

    def warm(self) -> None:
        """Open model, images and indices before they are asked for; cards tell what cannot be."""
        for part in (
            lambda: self.live.model,
            lambda: self.pictures.images,
            lambda: self.stored.nearest,
            lambda: [self.lift(name, 0, 0) for name in self.planes],
        ):
            with suppress(LatentscapeError):
                part()


def _agree(one: str, other: str) -> bool:
    return not (one and other) or one == other

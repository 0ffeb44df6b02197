"""Made-up exhibits: all that the explorer can show, of a model that is a formula."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from latentscape.errors import DataError, UsageError
from latentscape.records.exhibit import (
    Ability,
    ColumnCard,
    DialCard,
    Dials,
    Dropped,
    Epochs,
    ExhibitCard,
    Exhibition,
    Found,
    Look,
    Manifold,
    MapCard,
    Middles,
    MotionCard,
    SampleCard,
    SampleNumber,
    Series,
    Side,
    SideBySide,
    Travel,
    WayCard,
)
from latentscape.records.measure import Measure, Provenance
from latentscape.server.exhibit import FilmKind, ImageKind, Journey

ABILITIES = (
    "images", "reconstructions", "decode", "encode", "travel", "dials", "motion", "training",
)  # fmt: skip
# The smallest PNG there is: one grey pixel.
DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c6360000000020001e221bc330000000049454e44ae426082"
)


def discs(latents: np.ndarray, side: int = 16) -> np.ndarray:
    """Latents (k, 2) as images ``k side side 1``: a disc, its place across and its radius."""
    axis = np.linspace(-2, 2, side, dtype=np.float32)
    place, size = latents[:, :1, None], 0.7 + 0.2 * latents[:, 1:2, None]
    distance = np.sqrt((axis[None, None] - place) ** 2 + axis[None, :, None] ** 2)
    return (255 * np.clip(4 * (size - distance) + 0.5, 0, 1)).astype(np.uint8)[..., None]


class ToyExhibit:
    """One made-up run: two latents, three classes, everything possible.

    Args:
        key: As on its card.
        n: Samples.
        decode: Latents to images, in place of `discs`.
        able: What can be done with it.
    """

    def __init__(
        self,
        key: str = "0",
        n: int = 60,
        *,
        decode: Callable[[np.ndarray], np.ndarray] = discs,
        able: Sequence[str] = ABILITIES,
    ):
        self._latents = np.random.default_rng(0).normal(size=(n, 2)).astype(np.float32)
        self._decode = decode
        self.card = _card(key, n, able)

    def column(self, name: str) -> np.ndarray:
        """Classes 0, 1, 2, 0 ... or how far each sample is from the middle."""
        if name == "label":
            return (np.arange(self.card.n) % 3).astype(np.float32)
        return np.linalg.norm(self._latents, axis=1).astype(np.float32)

    def points(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Latents as they are."""
        return self._latents, np.arange(self.card.n, dtype=np.uint32)

    def images(self, rows: Sequence[int], kind: ImageKind, side: int | None) -> np.ndarray:
        """Discs, every other pixel of them where they are to be small."""
        step = 1 if side is None or side >= 16 else -(-16 // side)
        return discs(self._latents[list(rows)])[:, ::step, ::step]

    def sample(self, row: int) -> SampleCard:
        """Neighbours by row."""
        near = [other for other in (row - 1, row + 1) if 0 <= other < self.card.n]
        return SampleCard(
            row=row,
            sample_id=f"toy-{row}",
            label=row % 3,
            numbers=(SampleNumber(name="radius", value=float(self.column("radius")[row])),),
            neighbours=tuple(near),
            distances=tuple(1.0 for _ in near),
        )

    def find(self, text: str, limit: int) -> Found:
        """Samples whose id holds the text."""
        rows = [row for row in range(self.card.n) if text and text in f"toy-{row}"]
        shown = tuple(rows[:limit])
        return Found(rows=shown, sample_ids=tuple(f"toy-{row}" for row in shown), n=len(rows))

    def latents(self, rows: Sequence[int]) -> np.ndarray:
        """Rows of the latents."""
        return self._latents[list(rows)]

    def lift(self, name: str, x: float, y: float) -> tuple[np.ndarray, Look]:
        """The place itself."""
        latent = np.array([x, y], np.float32)
        near = int(np.square(self._latents - latent).sum(1).argmin())
        return latent, Look(lifting="exact", reliability=1.0, nearest=near)

    def place(self, name: str, latents: np.ndarray) -> np.ndarray:
        """The latents themselves."""
        return latents

    def decode(self, latents: np.ndarray) -> np.ndarray:
        """Discs, or as was asked for."""
        return self._decode(latents)

    def manifold(self, name: str, side: int) -> tuple[Manifold, np.ndarray]:
        """A grid over two standard deviations."""
        axis = np.linspace(-2, 2, side, dtype=np.float32)
        places = np.stack(np.meshgrid(axis, axis[::-1]), -1).reshape(-1, 2)
        grid = Manifold(columns=side, rows=side, x=(-2, 2), y=(2, -2))
        return grid, discs(places)

    def travel(self, journey: Journey) -> tuple[Travel, dict[str, np.ndarray]]:
        """A straight line from the first sample to the last."""
        ends = self._latents[[journey.rows[0], journey.rows[-1]]]
        t = np.linspace(0, 1, journey.n_steps, dtype=np.float32)[:, None]
        way = (1 - t) * ends[0] + t * ends[1]
        first, last = discs(ends)
        shares = t[:, :, None, None]
        told = Travel(
            rows=journey.rows,
            method=journey.method,
            n_steps=journey.n_steps,
            key_steps=(0, journey.n_steps - 1),
            places={"pca": tuple((float(x), float(y)) for x, y in way)},
            series=(_series(journey.n_steps),),
            numbers=(Measure(name="psnr", value=float("inf"), unit="dB", better="higher"),),
            verdict="morph",
            verdict_words="made up",
        )
        frames = {
            "frames": discs(way),
            "dissolve": ((1 - shares) * first + shares * last).astype(np.uint8),
            "originals": self.images(journey.rows, "original", None),
        }
        return told, frames

    def film(self, journey: Journey, kind: FilmKind) -> bytes:
        """No film at all."""
        return f"{kind} of {journey.n_steps} frames".encode()

    def dials(self) -> tuple[Dials, np.ndarray, np.ndarray]:
        """The two latents."""
        names = ("across", "size")
        cards = tuple(
            DialCard(name=name, title=name, family="latents", low=-2, high=2, rate=1.5)
            for name in names
        )
        return Dials(dials=cards), np.eye(2, dtype=np.float32), np.zeros(2, np.float32)

    def drop(self, image: np.ndarray) -> tuple[Dropped, np.ndarray, np.ndarray]:
        """Lands where its brightness says."""
        latent = np.full(2, image.mean() / 255, np.float32)
        told = Dropped(
            places={"pca": (float(latent[0]), float(latent[1]))},
            numbers=(),
            neighbours=(0,),
            distances=(1.0,),
            words=f"{image.shape[1]} × {image.shape[0]} brought to 16 × 16",
        )
        return told, latent, discs(np.stack([latent, latent]))

    def motion(self) -> tuple[MotionCard, dict[str, np.ndarray]]:
        """One shot, and its triplets."""
        course = np.arange(min(5, self.card.n), dtype=np.uint32)
        triplets = np.lib.stride_tricks.sliding_window_view(course, 3).copy()
        card = MotionCard(names=tuple(f"triplet {t[0]}" for t in triplets), shots=("shot",))
        ones = np.ones(len(triplets), np.float32)
        arrays = {"triplets": triplets, "flow": ones, "displacement": ones, "courses": course}
        return card, {**arrays, "lengths": np.array([len(course)], np.uint32)}

    def middles(self, triplet: int) -> tuple[Middles, np.ndarray]:
        """First, middle, last."""
        if triplet >= min(5, self.card.n) - 2:
            raise UsageError(f"there is no triplet {triplet}")
        told = Middles(names=("first", "middle", "last"), errors=(None, None, None))
        return told, self.images(range(triplet, triplet + 3), "original", None)

    def training(self) -> tuple[Epochs, dict[str, np.ndarray]]:
        """Three epochs in which the latents spread out."""
        positions = np.stack([self._latents * share for share in (0.1, 0.5, 1)]).astype(np.float32)
        told = Epochs(epochs=(1, 2, 3), curves={"loss": (3, 2, 1)}, has_picture=True)
        return told, {"positions": positions, "labels": self.column("label").astype(np.int32)}

    def epoch(self, epoch: int) -> bytes:
        """A dot."""
        if epoch not in (1, 2, 3):
            raise DataError(f"there is no picture of epoch {epoch}", "1, 2 and 3 have one")
        return DOT


class ToyExhibits:
    """Made-up exhibits, comparable where there are two or more."""

    folders: Sequence[Path] = ()

    def __init__(self, *exhibits: ToyExhibit):
        self._by_key = {exhibit.card.key: exhibit for exhibit in exhibits or (ToyExhibit(),)}
        cards = tuple(exhibit.card for exhibit in self._by_key.values())
        self.card = Exhibition(
            version="0", exhibits=cards, comparable=Ability(possible=len(cards) > 1)
        )

    def __getitem__(self, key: str) -> ToyExhibit:
        return self._by_key[key]

    def compare(self, keys: Sequence[str], name: str) -> tuple[SideBySide, dict[str, np.ndarray]]:
        """All of them as they are."""
        arrays: dict[str, np.ndarray] = {}
        for key in keys:
            arrays[f"positions-{key}"], arrays[f"rows-{key}"] = self[key].points(name)
        sides = tuple(Side(key=key, name=self[key].card.name, map=name) for key in keys)
        return SideBySide(sides=sides, n=self[keys[0]].card.n), arrays


def _card(key: str, n: int, able: Sequence[str]) -> ExhibitCard:
    return ExhibitCard(
        key=key,
        name=f"toy {key}",
        provenance=Provenance(model="toy", recipe="vae", data="toy", split="test", n=n, seed=0),
        n=n,
        latent_shape=(2,),
        image_shape=(1, 16, 16),
        class_names=("a", "b", "<script>alert(1)</script>"),
        maps=(MapCard(name="pca", method="pca", title="PCA", n=n, lifting="exact", manifold=True),),
        columns=(
            ColumnCard(name="label", title="class", form="category", categories=("a", "b", "c")),
            ColumnCard(name="group/radius", title="radius", form="number"),
        ),
        ways=(WayCard(name="linear", meaning="a straight line"),),
        abilities={
            name: Ability(possible=name in able, why="" if name in able else f"no {name} here")
            for name in ABILITIES
        },
    )


def _series(n_steps: int) -> Series:
    values = tuple(float(value) for value in np.linspace(0, 1, n_steps - 1))
    return Series(name="style", title="Style distance", unit="", values=values)

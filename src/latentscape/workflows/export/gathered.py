"""What an exported page holds: a choice of samples, and all that can be done with them there.

Abilities are cut down to what the file holds, and each that is lost says why.
"""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import latentscape
from latentscape.errors import LatentscapeError
from latentscape.metrics import CATALOGUE
from latentscape.projection import PCA
from latentscape.records import Measure
from latentscape.records.exhibit import (
    Ability,
    ColumnCard,
    Dials,
    Epochs,
    ExhibitCard,
    Exhibition,
    MapCard,
    WayCard,
)
from latentscape.records.folders import shown
from latentscape.records.offline import Offline, OfflineSamples
from latentscape.workflows.explore.exhibit import OpenExhibit
from latentscape.workflows.explore.maps import PLACING, Plane
from latentscape.workflows.export.choice import chosen_rows
from latentscape.workflows.export.request import Request
from latentscape.workflows.export.sheets import LARGEST_TILE, Sheets, sheets_of

LIMIT = 5_000
LATENT_BYTES = 32 * 2**20  # of all latents together; larger ones make for fewer samples
DECODER_BYTES = 64 * 2**20
TRAINING_BYTES = 8 * 2**20
LIVE = "`latentscape explore` of the run itself can"
# The ways of `web/src/source/offline/ways.ts`, and the numbers of `offline/travel.ts`.
WAYS = ("linear", "spherical-centred", "spherical", "eased")
MEASURES = (
    "dissolve_amount", "off_blend_most", "blend_gap", "dissolve_deficit", "path_ratio",
    "decoded_turning", "ghost_product", "latent_ratio",
)  # fmt: skip


@dataclass(frozen=True)
class Gathered:
    """What goes into the document.

    Attributes:
        body, arrays: Of the packet that the page opens with.
        sheets: The images; None where there are none.
        decoder: An ONNX file; None where there is none.
        facts, notes: For the record.
    """

    body: Offline
    arrays: dict[str, np.ndarray]
    sheets: Sheets | None
    decoder: bytes | None
    facts: dict[str, str | int | float]
    notes: tuple[str, ...]


@dataclass
class Parts:
    """Arrays as they come together, and what is told beside them."""

    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    explained: dict[str, float] = field(default_factory=dict)
    dials: Dials | None = None
    epochs: Epochs | None = None


def gather(exhibit: OpenExhibit, request: Request) -> Gathered:
    """A choice of an exhibit's samples, and all that the page needs of them."""
    stored, parts = exhibit.stored, Parts()
    rows = _rows(exhibit, request)
    _tell(request, 1)
    sheets, images = _pictures(exhibit, rows)
    _tell(request, 2)
    decoder, decode = _decoder(exhibit)
    if decode.possible:
        parts.arrays["way-centre"] = _centre(exhibit)
    _tell(request, 3)
    means = np.zeros((len(stored), 0), np.float32) if stored.means is None else stored.means
    parts.arrays |= {"latents": means[rows], "labels": stored.labels[rows].astype(np.int32)}
    maps = _maps(exhibit, rows, parts)
    columns = _columns(exhibit, rows, {card.name for card in maps}, parts)
    abilities = {
        "images": images,
        "reconstructions": decode,
        "decode": decode,
        "travel": decode if len(rows) > 1 else exhibit.card.abilities["travel"],
        "dials": _dials(exhibit, parts, decode),
        "encode": _not("this file carries no encoder"),
        "motion": _not("this file carries no motion"),
        "films": _not("this file saves no films"),
        "training": _training(exhibit, parts),
    }
    ways = _ways(exhibit) if decode.possible else ()
    card = _card(exhibit, rows, maps, columns)
    card = card.model_copy(update={"abilities": abilities, "ways": ways})
    card = shown(card, () if exhibit.run is None else (exhibit.run,))
    alone = _not("this file is of one run")
    body = Offline(
        exhibition=Exhibition(version=latentscape.__version__, exhibits=(card,), comparable=alone),
        samples=OfflineSamples(
            ids=tuple(stored.sample_ids[rows].tolist()),
            groups=tuple(stored.groups[rows].tolist()),
            splits=tuple(stored.splits[rows].tolist()),
        ),
        explained=parts.explained,
        measures={name: _empty(name) for name in MEASURES},
        dials=parts.dials,
        epochs=parts.epochs,
        sheets=None if sheets is None else sheets.about,
        decoded=None if decoder is None else exhibit.live.model.autoencoder.image_shape,
    )
    _tell(request, 4)
    facts: dict[str, str | int | float] = {
        "samples": f"{len(rows):,} of {len(stored):,}",
        "maps": ", ".join(card.name for card in maps),
        "images": "none" if sheets is None else f"{sheets.height}×{sheets.width}",
        "decoder": "none" if decoder is None else f"{len(decoder) / 1e6:.2f} MB",
    }
    notes = tuple(ability.why for ability in (images, decode) if not ability.possible)
    return Gathered(body, parts.arrays, sheets, decoder, facts, notes)


def _tell(request: Request, done: int) -> None:
    if request.progress is not None:
        request.progress(done, 4, "parts")


def _rows(exhibit: OpenExhibit, request: Request) -> np.ndarray:
    """Samples that are on every map before others, so that no map is thin."""
    stored = exhibit.stored
    limit = request.limit or LIMIT
    limit = max(1, min(limit, LATENT_BYTES // (4 * max(1, stored.size))))
    shown = [plane.rows for plane in exhibit.planes.values()]
    common = np.arange(len(stored))
    for rows in shown:
        common = np.intersect1d(common, rows)
    enough = len(common) >= min(limit, max((len(rows) for rows in shown), default=0))
    among = common if enough and len(common) else None
    return chosen_rows(stored.labels, limit, seed=request.seed, among=among)


def _card(
    exhibit: OpenExhibit, rows: np.ndarray, maps: list[MapCard], columns: list[ColumnCard]
) -> ExhibitCard:
    card = exhibit.card
    warned = card.warnings
    if len(rows) < len(exhibit):
        told = f"This file holds {len(rows):,} of {len(exhibit):,} samples, each class by its share"
        warned = (*warned, f"{told}.")
    return card.model_copy(
        update={"key": "0", "n": len(rows), "maps": tuple(maps), "columns": tuple(columns),
                "warnings": warned}
    )  # fmt: skip


def _maps(exhibit: OpenExhibit, rows: np.ndarray, parts: Parts) -> list[MapCard]:
    """Maps of the chosen samples; how a place becomes a latent, and the other way round."""
    place = np.full(len(exhibit), -1)
    place[rows] = np.arange(len(rows))
    cards = []
    for name, plane in exhibit.planes.items():
        here = place[plane.rows] >= 0
        if not here.any():
            continue
        parts.arrays[f"positions-{name}"] = plane.positions[here].astype(np.float32)
        parts.arrays[f"rows-{name}"] = place[plane.rows[here]].astype(np.uint32)
        if plane.lifting == "inverse" and isinstance(plane.projector, PCA):
            parts.arrays[f"mean-{name}"] = plane.projector.mean.astype(np.float64)
            parts.arrays[f"components-{name}"] = plane.projector.components.astype(np.float64)
            parts.explained[name] = sum(plane.projector.explained)
        cards.append(_map_card(plane, int(here.sum())))
    return cards


def _map_card(plane: Plane, n: int) -> MapCard:
    """Latents are placed by what the file holds: a fitted UMAP, say, does not come with it."""
    words = plane.card.placing_words
    if words and plane.lifting == "neighbours":
        words = PLACING["neighbours"]
    return plane.card.model_copy(update={"n": n, "placing_words": words})


def _columns(
    exhibit: OpenExhibit, rows: np.ndarray, maps: set[str], parts: Parts
) -> list[ColumnCard]:
    cards = []
    for name, card in exhibit.columns.cards.items():
        if card.map and card.map not in maps:
            continue
        values = exhibit.column(name)[rows].astype(np.float32)
        parts.arrays[f"column-{name}"] = values
        missing = np.isnan(values) if card.form == "number" else values < 0
        cards.append(card.model_copy(update={"n_missing": int(missing.sum())}))
    return cards


def _pictures(exhibit: OpenExhibit, rows: np.ndarray) -> tuple[Sheets | None, Ability]:
    try:
        return sheets_of(exhibit.images(rows.tolist(), "original", LARGEST_TILE)), Ability(
            possible=True
        )
    except LatentscapeError as error:
        return None, _told(error)


def _decoder(exhibit: OpenExhibit) -> tuple[bytes | None, Ability]:
    """The decoder as ONNX, held against the model, or why the file goes without."""
    known = exhibit.abilities["decode"]
    if not known.possible:
        return None, known
    try:
        from latentscape.models import open_model
        from latentscape.workflows.export.onnx_pair import write_checked_decoder

        assert exhibit.run is not None
        _ = exhibit.live.model  # the run's own refusals come first
        model = open_model(exhibit.run, "fp32", device="cpu")
        with tempfile.TemporaryDirectory() as room:
            path = Path(room) / "decoder.onnx"
            write_checked_decoder(model, path)
            raw = path.read_bytes()
    except LatentscapeError as error:
        return None, _told(error)
    if len(raw) > DECODER_BYTES:
        why = f"the decoder is {len(raw) / 1e6:,.0f} MB, too large to stand in one file"
        return None, Ability(possible=False, why=why, hint=LIVE)
    return raw, Ability(possible=True)


def _dials(exhibit: OpenExhibit, parts: Parts, decode: Ability) -> Ability:
    parts.arrays["centre"] = np.zeros(parts.arrays["latents"].shape[1], np.float32)
    if exhibit.stored.means is None:
        return decode
    dials, directions, centre = exhibit.dials()
    parts.arrays |= {"directions": directions, "centre": centre}
    parts.dials = dials
    return decode


def _training(exhibit: OpenExhibit, parts: Parts) -> Ability:
    """Epochs as they are, with their pictures where all of them are small."""
    ability = exhibit.card.abilities["training"]
    if not ability.possible:
        return ability
    try:
        epochs, arrays = exhibit.training()
        pictures = {}
        if epochs.has_picture:
            pictures = {epoch: exhibit.epoch(epoch) for epoch in epochs.epochs}
    except LatentscapeError as error:
        return _told(error)
    if arrays["positions"].nbytes > TRAINING_BYTES:
        return _not("its training is too large to stand in one file")
    if sum(map(len, pictures.values())) > TRAINING_BYTES:
        pictures = {}
    parts.epochs = epochs.model_copy(update={"has_picture": bool(pictures)})
    parts.arrays["epoch-positions"] = arrays["positions"]
    parts.arrays["epoch-labels"] = arrays["labels"]
    for epoch, picture in pictures.items():
        parts.arrays[f"epoch-{epoch}"] = np.frombuffer(picture, np.uint8)
    return Ability(possible=True)


def _centre(exhibit: OpenExhibit) -> np.ndarray:
    """(D,) the mean about which arcs are drawn; of a large grid, that of each channel."""
    from latentscape.trajectories import latent_moments

    stored = exhibit.stored
    mean = latent_moments(stored.shaped(stored.latents)).mean
    return np.broadcast_to(mean, stored.latent_shape).reshape(-1).astype(np.float32)


def _ways(exhibit: OpenExhibit) -> tuple[WayCard, ...]:
    known = {way.name: way for way in exhibit.card.ways}
    return tuple(known[name] for name in WAYS if name in known)


def _empty(name: str) -> Measure:
    """What the catalogue says of a number that the page works out."""
    entry = CATALOGUE[name]
    return Measure(name=name, value=0.0, unit=entry.unit, better=entry.better, bounds=entry.bounds)


def _not(why: str) -> Ability:
    return Ability(possible=False, why=why, hint=LIVE)


def _told(error: LatentscapeError) -> Ability:
    return Ability(possible=False, why=error.message, hint=error.hint or "")

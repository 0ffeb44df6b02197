"""Originals, what came back, and where they differ: a few of each split, film or group."""

from collections.abc import Mapping

import numpy as np

from latentscape.records import ReconstructionRecord
from latentscape.report.canvas import WIDTH, Canvas
from latentscape.report.figures.mosaic import mosaic
from latentscape.report.palette import LIGHT, SIZES, sequential
from latentscape.report.picture import Picture, Words
from latentscape.report.words import number

ACROSS = 8
OF_SPLIT, OF_GROUP = 8, 4
LEFT, RIGHT, HEAD, BETWEEN, KEY = 0.58, 0.12, 0.27, 0.16, 0.42  # inches
LONGEST = 26  # letters of a group's name
READ = (
    "Top to bottom: the original, its reconstruction, and the absolute difference of the two "
    "(mean over colours), on one scale in the whole figure; the largest half per cent lie beyond "
    "it. The images were drawn at random."
)
BEYOND = 0.5  # per cent of error pixels, as `READ` says


def error_maps(record: ReconstructionRecord) -> list[Picture]:
    """A figure of the splits and one of the films or groups; none of a record without."""
    if record.part_originals is None or record.part_reconstructions is None:
        return []
    place = {sample: i for i, sample in enumerate(record.sample_ids)}
    rows = [place[sample] for sample in record.part_ids if sample in place]
    if len(rows) != len(record.part_ids):
        return []
    pictures = []
    if record.splits:
        names = [record.splits[row] for row in rows]
        known = [row.name for row in record.by_split]
        blocks = {f"{n} images": _places(names, n, OF_SPLIT) for n in known}
        pictures.append(_figure(record, "error-maps-splits", "A few of each split", blocks))
    if record.grouped_by:
        parts = record.films if record.grouped_by == "film" else record.groups
        names = [parts[row] for row in rows]
        shown = [name for name in dict.fromkeys(names) if names.count(name) > 1 and name]
        whole = {name: _places(names, name, OF_GROUP) for name in _fullest(names, shown)}
        title = f"A few of {'each' if len(set(parts) - {''}) <= len(whole) else 'some'} "
        title += f"{record.grouped_by}{'' if title.endswith('each ') else 's'}"
        if whole:
            pictures.append(_figure(record, "error-maps-groups", title, whole))
    return pictures


def _places(names: list[str], name: str, most: int) -> list[int]:
    return [i for i, other in enumerate(names) if other == name][:most]


def _fullest(names: list[str], shown: list[str]) -> list[str]:
    """The six parts of which the most images are kept; picks for the splits are of many parts."""
    return sorted(shown, key=lambda name: -min(names.count(name), OF_GROUP))[:6]


def _figure(
    record: ReconstructionRecord, name: str, title: str, blocks: Mapping[str, list[int]]
) -> Picture:
    first, second = record.part_originals, record.part_reconstructions
    assert first is not None
    assert second is not None
    error = np.abs(first.astype(np.float32) - second.astype(np.float32)).mean(1) / 255
    used = [i for places in blocks.values() for i in places]
    top = max(float(np.percentile(error[used], 100 - BEYOND)), 1 / 255)
    whole = float(np.mean(record.per_image["mae"])) if "mae" in record.per_image else None
    words = Words(
        name,
        title,
        READ,
        f"Grid of three rows each: {', '.join(blocks)}. Mean absolute error by part: "
        + "; ".join(f"{part} {number(float(error[p].mean()))}" for part, p in blocks.items()),
        "an error of 0, dark everywhere"
        + (f"; mean absolute error of all images, {number(whole)}" if whole is not None else ""),
    )
    columns = max(map(len, blocks.values()))
    beside = max(1, ACROSS // max(columns, OF_GROUP))  # blocks in a line
    wide = (WIDTH - LEFT - RIGHT - (beside - 1) * BETWEEN) / beside
    height, width = first.shape[2:]
    gap = max(1, width // 14)
    tall = wide * (3 * height + 2 * gap) / (columns * width + (columns - 1) * gap)
    lines = -(-len(blocks) // beside)
    canvas = Canvas(words, record.provenance, height=lines * (tall + HEAD) + KEY, n=len(used))
    colours = (255 * sequential()(np.clip(error / top, 0, 1))[..., :3]).round().astype(np.uint8)
    for k, (part, places) in enumerate(blocks.items()):
        line, across = divmod(k, beside)
        x, y = LEFT + across * (wide + BETWEEN), KEY + (lines - 1 - line) * (tall + HEAD)
        axes = canvas.place(x, y, wide, tall)
        cells = np.zeros((3, columns, 3, height, width), np.uint8)
        for row, images in enumerate((first, second, colours.transpose(0, 3, 1, 2))):
            cells[row, : len(places)] = images[places]
        empty = {r * columns + c for r in range(3) for c in range(len(places), columns)}
        tile = mosaic(cells.reshape(-1, 3, height, width), rows=3, columns=columns, gap=gap,
                      clear=empty)  # fmt: skip
        axes.imshow(tile, interpolation="none", aspect="auto")
        axes.set_axis_off()
        axes.text(0, 1.0 + 0.04 / tall, _short(part), transform=axes.transAxes, va="bottom",
                  fontsize=SIZES.tick, color=LIGHT["ink"])  # fmt: skip
        for at, label in ((5 / 6, "original"), (0.5, "decoded"), (1 / 6, "error")):
            if not across:
                axes.text(-0.015 * beside, at, label, transform=axes.transAxes,
                          ha="right", va="center", fontsize=SIZES.small,
                          color=LIGHT["muted"])  # fmt: skip
    _key(canvas, top)
    return canvas.finish()


def _key(canvas: Canvas, top: float) -> None:
    axes = canvas.place(LEFT, 0.22, WIDTH - LEFT - RIGHT, 0.09)
    axes.imshow(np.linspace(0, 1, 128)[None], cmap=sequential(), aspect="auto",
                extent=(0, 1, 0, 1))  # fmt: skip
    axes.set_axis_off()
    said = ((0, "0", "left"), (0.5, "absolute error, pixel value", "center"),
            (1, f"{number(round(top, 3))} and more", "right"))  # fmt: skip
    for place, text, side in said:
        axes.text(place, -0.4, text, ha=side, va="top", fontsize=SIZES.small,
                  color=LIGHT["muted"])  # fmt: skip


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else "…" + name[1 - LONGEST :]

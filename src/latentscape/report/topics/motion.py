"""Does it know motion? A table of latents beside pixels and nulls, then pictures, then the rest."""

from latentscape.records import Measure, MotionPlane, MotionRecord, Row
from latentscape.report.cells import heading, value
from latentscape.report.figures.motion import motion_pictures
from latentscape.report.figures.motion_maps import motion_maps
from latentscape.report.folder import RunContents
from latentscape.report.markup import Html, columns, folded, joined, table, tag
from latentscape.report.topics import Figure
from latentscape.report.verdict import find
from latentscape.report.words import SIGNS, label

BESIDE = {
    "pixels": "pixels",
    "latents, middles of the same shot": "middle of the same shot",
    "latents, middles of other shots": "middle of another shot",
}
BY_SCOPE = ("midpoint_deviation", "holder_exponent", "deviation_to_pixels", "flow_correlation",
            "place_correlation", "moving_auc")  # fmt: skip


def blocks(contents: RunContents, figure: Figure) -> list[Html]:
    """The topic's table, pictures and folded tables, of each data that was analysed."""
    return [block for record in contents.of(MotionRecord) for block in _of(record, figure)]


def plane_of(contents: RunContents) -> MotionPlane | None:
    """The courses that a map of the same frames may show; None where no motion was analysed."""
    found = (record.plane for record in contents.of(MotionRecord) if record.plane is not None)
    return next(found, None)


def _of(record: MotionRecord, figure: Figure) -> list[Html]:
    prov = record.provenance
    shape = "×".join(map(str, record.frame_shape[1:]))
    step = ""
    if record.step is not None:
        step = f", {record.step} frame{'' if record.step == 1 else 's'} a step"
    about = f"{prov.data}, {len(record.names):,} triplets of {shape} pixels{step}"
    pictures = [figure(picture) for picture in motion_pictures(record)]
    if record.maps is not None and len(record.maps.names):
        pictures.insert(2, figure(motion_maps(record.maps, prov)))
    return [
        _first(record, about),
        columns(pictures),
        _scopes(record, about),
        _shifts(record),
        _shots(record),
        _said(record),
    ]


def _first(record: MotionRecord, about: str) -> Html:
    """All triplets: a line a measure, latents beside what they are held against."""
    row = record.rows[0]
    held = {words: _row(record, f"{name}, {row.name}") for name, words in BESIDE.items()}
    held = {words: found for words, found in held.items() if found is not None}
    head = ["measure", "latents", *held, "chance", "better side"]
    lines = [
        [heading(m), value(m), *(_cell(found, m.name) for found in held.values()), _chance(m),
         SIGNS[m.better]]
        for m in row.measures
    ]  # fmt: skip
    flow = _row(record, f"optical flow, {row.name}")
    return joined(
        [
            table(head, lines, about=f"Motion: {about}", marked=1),
            tag("p", f"{_intervals(record)} {_of_chance(row)}".rstrip(), class_="small"),
            _of_flow(flow, about) if flow else Html(""),
            _meanings(row, flow),
        ]
    )


def _intervals(record: MotionRecord) -> str:
    made = next((m.interval for m in record.rows[0].measures if m.interval), "")
    if made:
        return f"Small figures are intervals: {made}."
    why = f": {record.resampled}" if record.resampled else ""
    return f"No intervals{why}."


def _of_chance(row: Row) -> str:
    """What the column of chance holds."""
    said = next((m.reference.words for m in row.measures if m.reference is not None), "")
    return f"Chance: {said}." if said else ""


def _of_flow(flow: Row, about: str) -> Html:
    """What moves in the frames, whatever the model."""
    lines = [[heading(m), value(m), SIGNS[m.better]] for m in flow.measures]
    head = ["optical flow", "frames", "better side"]
    return table(head, lines, about=f"What moves in the frames: {about}")


def _chance(measure: Measure) -> Html | str:
    """The reference with its band, where the measure has one."""
    held = measure.reference
    if held is None:
        return "–"
    return value(Measure(name=measure.name, value=held.value, low=held.low, high=held.high))


def _scopes(record: MotionRecord, about: str) -> Html:
    """Splits and thirds by motion, a line each, pixels beneath."""
    head = ["triplets", *(label(name) for name in BY_SCOPE)]
    lines: list[list[Html | str]] = []
    for row in record.rows:
        lines.append([_named(row), *(_cell(row, name) for name in BY_SCOPE)])
        pixels = _row(record, f"pixels, {row.name}")
        if pixels is not None:
            lines.append([pixels.name, *(_cell(pixels, name) for name in BY_SCOPE)])
    said = "thirds are by the mean optical flow from first to last"
    return folded("By split and by motion", said, table(head, lines, about=about))


def _named(row: Row) -> Html | str:
    """A row's name, and beneath it why it has no interval."""
    if not row.note:
        return row.name
    return joined([tag("span", row.name), tag("span", row.note, class_="unit")])


def _shifts(record: MotionRecord) -> Html:
    if record.shifts is None:
        return Html("")
    head = ["shift", "equivariance error", "not moved", "cell means", "decoder", "image not moved"]
    lines = []
    for row, base in zip(record.shifts.rows, record.shifts.baselines, strict=True):
        lines.append(
            [
                row.name,
                _cell(row, "equivariance_error"),
                _held(row, "equivariance_error"),
                _cell(base, "equivariance_error"),
                _cell(row, "shifted_psnr"),
                _held(row, "shifted_psnr"),
            ]
        )
    shifts = record.shifts
    said = f"cells of {shifts.factor} pixels; decoder in dB"
    if shifts.inside:
        left = "×".join(map(str, shifts.inside))
        said += f"; {left} cells judged, {shifts.edge} left out at each border"
    return folded("Shifted frames", said, table(head, lines, about="Translation equivariance"))


def _shots(record: MotionRecord) -> Html:
    if record.shot_table is None:
        return Html("")
    shots = record.shot_table
    names = [m.name for m in shots.rows[0].measures]
    head = ["shots", *(label(name) for name in names)]
    lines = [
        [row.name, *(_cell(row, name) for name in names)] for row in (*shots.rows, *shots.baselines)
    ]
    least, most = shots.frames.min(), shots.frames.max()
    said = f"{len(shots.names):,} shots (or pieces) of {least}"
    said += "" if least == most else f" to {most}"
    return joined(
        [
            folded("Longer shots", f"{said} frames", table(head, lines, about="Courses of shots")),
            _meanings(shots.rows[0], None),
        ]
    )


def _said(record: MotionRecord) -> Html:
    lines = [
        tag("li", tag("b", label(missing.name)), f": not defined, {missing.why}")
        for missing in record.undefined
    ]
    lines = [*(tag("li", line) for line in record.warnings), *lines]
    told = f"Optical flow by {record.flow}; {record.latents_from}."
    return joined([tag("p", told, class_="small"), tag("ul", *lines, class_="small")])


def _meanings(row: Row, other: Row | None) -> Html:
    measures = [*row.measures, *(other.measures if other else ())]
    lines = [tag("li", tag("b", label(m.name)), f": {m.note}") for m in measures]
    return tag("details", tag("summary", "What each measure means"), tag("ul", *lines))


def _row(record: MotionRecord, name: str) -> Row | None:
    return next((row for row in record.baselines if row.name == name), None)


def _cell(row: Row, name: str) -> Html | str:
    found = find(row, name)
    return "–" if found is None else value(found)


def _held(row: Row, name: str) -> Html | str:
    found = find(row, name)
    if found is None or found.reference is None:
        return "–"
    return value(Measure(name=name, value=found.reference.value))

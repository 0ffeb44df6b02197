"""What latents know of motion, in one record: triangles, flow, places, shifts, shots."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from latentscape.data import DataConfig
from latentscape.errors import UndefinedError
from latentscape.motion.flow import Flow
from latentscape.motion.places import change_by_place
from latentscape.motion.resampled import Draws, draws_for
from latentscape.motion.summary import MEANS, MEDIANS, THIRDS, flow_row, space_row, thirds
from latentscape.records import Row, Undefined
from latentscape.records.motion import MotionMaps, MotionRecord
from latentscape.workflows.motion.courses import motion_plane, shot_table
from latentscape.workflows.motion.flows import flow_named, flow_table
from latentscape.workflows.motion.shards import Shards
from latentscape.workflows.motion.shifts import shift_table
from latentscape.workflows.motion.spaces import Spaces, pixel_change
from latentscape.workflows.motion.subject import MotionSubject, open_motion
from latentscape.workflows.opening import Progress

NULLS = {
    "within": "middles of the same shot",
    "between": "middles of other shots",
}
FLOW_COLUMNS = ("flow", "first_flow", "rrld", "coverage", "is_linear", "texture")
LITTLE = 0.5  # pixels of the frame


@dataclass(frozen=True)
class MotionConfig:
    """What is looked at, and how.

    Attributes:
        flow: ``dis``, ``farneback``, ``python:MODULE:CALLABLE``, ``python:FILE.py:CALLABLE`` or a
            callable of two frames.
        n_shifted: Frames that are moved to see whether their latents follow.
        n_examples: Triplets whose maps are kept.
    """

    flow: str | Flow = "dis"
    n_shifted: int = 16
    n_examples: int = 4


def analyse_motion(
    model: str | Path,
    data: str | DataConfig | None = None,
    *,
    config: MotionConfig | None = None,
    out: Path | str | None = None,
    latents: Path | str | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> MotionRecord:
    """The verb's work; words and errors are those of `latentscape.workflows.motion.motion`."""
    config = config or MotionConfig()
    flow = flow_named(config.flow)
    subject = open_motion(model, data, out=out, latents=latents, seed=seed, progress=progress)
    flows = flow_table(subject, flow, progress=progress)
    columns = _columns(flows, Spaces(subject, flows).table(progress=progress))
    rows, baselines = _rows(subject, columns)
    parts, missing = _parts(subject, config, progress)
    told = subject.triplets
    record = MotionRecord(
        provenance=subject.subject.provenance(seed=seed, n=len(subject)),
        rows=rows,
        baselines=baselines,
        names=tuple(map(str, told.names)),
        splits=tuple(map(str, subject.split_of_triplets)),
        shots=tuple(map(str, told.shots)),
        films=tuple(map(str, told.films)),
        columns=columns,
        flow=flow.name,
        latents_from=subject.latents_from,
        resampled=draws_for(told, seed=seed).words,
        warnings=(*subject.warnings, *_warnings(columns["flow flow"])),
        step=told.step,
        frame_shape=tuple(subject.subject.images.shape),
        maps=_examples(subject, flows, columns, config.n_examples) if subject.is_spatial else None,
        **parts,
        undefined=(*_not_there(subject, columns), *missing),
    )
    record.save(subject.folder / "motion" / subject.stem)
    return record


def _parts(
    subject: MotionSubject, config: MotionConfig, progress: Progress | None
) -> tuple[dict[str, Any], list[Undefined]]:
    """Fields of the record that not every model or data has, and why one is missing."""
    makers: dict[str, tuple[str, Callable[[], object]]] = {
        "shifts": (
            "translation equivariance",
            lambda: shift_table(subject, n_frames=config.n_shifted, progress=progress),
        ),
        "shot_table": ("longer shots", lambda: shot_table(subject)),
        "plane": ("plane of the shots", lambda: motion_plane(subject)),
    }
    found: dict[str, Any] = {}
    missing: list[Undefined] = []
    for name, (what, make) in makers.items():
        try:
            found[name] = make()
        except UndefinedError as error:
            missing.append(Undefined(name=what, why=error.message))
    return found, missing


def _not_there(subject: MotionSubject, columns: dict[str, np.ndarray]) -> list[Undefined]:
    found = []
    if not subject.is_spatial:
        why = "the latent is a vector, which has no places"
        found += [Undefined(name=name, why=why) for name in MEANS]
    if not np.isfinite(columns["latents within displacement"]).any():
        why = "no shot has a second triplet with a frame of its own in the middle"
        found.append(Undefined(name=NULLS["within"], why=why))
    return found


def _warnings(flow: np.ndarray) -> tuple[str, ...]:
    median = float(np.median(flow))
    if median >= LITTLE:
        return ()
    return (
        f"half of the triplets move by {median:.2g} pixels of the frame or less from first to "
        "last, on average over the frame: what is said of the most motion is of little motion too; "
        "a larger --size or step shows more",
    )


def _columns(flows: Shards, spaces: Shards) -> dict[str, np.ndarray]:
    """All numbers of all triplets, with the deviation of latents over that of pixels."""
    found = {f"flow {name}": flows.column(name) for name in FLOW_COLUMNS}
    found |= {name: spaces.column(name) for name in spaces.names()}
    own, other = (found[f"{space} midpoint_deviation"] for space in ("latents", "pixels"))
    ratio = np.full(len(own), np.nan)
    np.divide(own, other, out=ratio, where=other > 0)
    return found | {"latents deviation_to_pixels": ratio}


def _rows(
    subject: MotionSubject, columns: dict[str, np.ndarray]
) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """A row a scope, and of each the rows that it is held against."""
    rows, baselines = [], []
    for name, which in _scopes(subject, columns["flow flow"]):
        told = subject.triplets.take(which)
        draws = draws_for(told, seed=subject.seed)
        made = _scope_rows(name, {key: column[which] for key, column in columns.items()}, draws,
                           seed=subject.seed)  # fmt: skip
        rows.append(made[0])
        baselines += [row for row in made[1:] if row.measures]
    return tuple(rows), tuple(baselines)


def _scope_rows(name: str, columns: dict[str, np.ndarray], draws: Draws, *, seed: int) -> list[Row]:
    """Latents; then pixels, both with other middles, and the flow itself."""

    def of(space: str, *, null: bool) -> dict[str, np.ndarray]:
        prefix = f"{space} "
        wanted = {*MEDIANS, *MEANS}
        if not null:
            wanted |= {"displacement", "first_step"}
        found = {
            key.removeprefix(prefix): column
            for key, column in columns.items()
            if key.startswith(prefix) and key.removeprefix(prefix) in wanted
        }
        flow = {key: columns[f"flow {key}"] for key in ("flow", "first_flow", "texture")}
        return found | flow

    rows = [
        space_row(name, of("latents", null=False), draws, note=draws.note, seed=seed),
        space_row(f"pixels, {name}", of("pixels", null=False), draws, beside=name, seed=seed),
    ]
    for space in ("latents", "pixels"):
        for null, words in NULLS.items():
            label = f"{space}, {words}, {name}"
            rows.append(space_row(label, of(f"{space} {null}", null=True), draws, beside=name))
    told = {key: columns[f"flow {key}"] for key in FLOW_COLUMNS}
    return [*rows, flow_row(f"optical flow, {name}", told, draws, beside=name)]


def _scopes(subject: MotionSubject, flow: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    yield "all triplets", np.arange(len(subject))
    for split in ("train", "val", "test"):
        which = subject.which(split)
        if 0 < len(which) < len(subject):
            yield split, which
    yield from zip(THIRDS, thirds(flow), strict=True)


def _examples(
    subject: MotionSubject, flows: Shards, columns: dict[str, np.ndarray], n: int
) -> MotionMaps:
    """Triplets from little motion to much, with their maps."""
    order = np.argsort(columns["flow flow"], kind="stable")
    places = np.linspace(0, len(order) - 1, n + 1)[1:].round().astype(int)
    which = order[np.unique(places)]
    latents, frames = subject.latents_of(which), subject.frames_of(which)
    pixels = frames.astype(np.float32) / 255
    return MotionMaps(
        names=tuple(map(str, subject.triplets.names[which])),
        frames=frames,
        motion=flows.rows("motion_map", which),
        change=change_by_place(latents[:, 0], latents[:, 2]),
        pixel_change=pixel_change(pixels, subject.latent_shape[1:]),
        correlations=columns["latents place_correlation"][which],
    )

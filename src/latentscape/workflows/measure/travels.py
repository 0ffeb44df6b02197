"""Many trajectories travelled: each measured beside its dissolve, a few pairs at a time."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, get_args

import numpy as np
import torch
from torch import Tensor

from latentscape.errors import UsageError, nearest
from latentscape.nn.features import FeatureNet, feature_net
from latentscape.nn.style_nets import Precision, StyleNet, StyleNetName, style_net
from latentscape.records import Journeys, Row, TrueWays, Undefined
from latentscape.trajectories import (
    Crowd,
    Interpolator,
    Pairs,
    interpolator_named,
    require_criterion,
    require_method,
)
from latentscape.trajectories.beside_line import beside_line
from latentscape.trajectories.dissolve import dissolve
from latentscape.trajectories.ends import require_steps
from latentscape.trajectories.geodesic import Geodesic
from latentscape.trajectories.linear import linear
from latentscape.trajectories.panel import Panel
from latentscape.trajectories.patterns import style_patterns
from latentscape.trajectories.shared_ends import SharedEnds
from latentscape.trajectories.style import StyleCurves
from latentscape.trajectories.style_presets import preset_named
from latentscape.trajectories.summary import dissolve_amount, summary_row
from latentscape.trajectories.verdict import morphs_by_frames
from latentscape.workflows.interpolate import crowd_of, ends_of, names_of
from latentscape.workflows.measure.judging import Judge
from latentscape.workflows.measure.true_ways import TruePart, Truth, sample_rows, truth_of
from latentscape.workflows.opening import Progress, Subject
from latentscape.workflows.surroundings import surroundings_of

CRITERIA = ("same-class", "different-class", "nearest", "farthest", "random")
VALUES_AT_ONCE = 1 << 23  # pixel values of the frames that are held at once
NO_SAMPLES = Undefined(
    name="nearness to the truth",
    why="the ends are no samples, and only between samples are true images known",
)
N_SHOWN = 2  # pairs of each verdict whose frames are kept


@dataclass(frozen=True)
class TravelConfig:
    """Which trajectories, and in what their style is read.

    Attributes:
        pairs: Criteria, see `trajectories.CRITERIA`; pairs ``"idA:idB"`` among them are one more,
            *listed*; also as one text, by commas.
        n_pairs: Of each criterion, at most; listed pairs are all taken.
        n_steps: Frames of each trajectory, both ends counted.
        method: Name of the interpolator.
        net: Style net; None takes the first trained one whose weights are on this machine, else
            random weights.
        preset: How the style loss is written: ``gatys``, ``johnson`` or ``tutorial``.
        precision: ``fast`` (bf16 where native) or ``exact``, of the style net.

    Raises:
        UsageError: If a word is unknown, before anything is read.
    """

    pairs: str | tuple[str, ...] = CRITERIA
    n_pairs: int = 200
    n_steps: int = 10
    method: str = "linear"
    net: StyleNetName | None = None
    preset: str = "gatys"
    precision: Precision = "fast"

    def __post_init__(self):
        if not self.criteria:
            raise UsageError("no criterion for pairs is named", f"e.g. {', '.join(CRITERIA)}")
        if self.n_pairs < 1:
            raise UsageError(f"{self.n_pairs} pairs are none", "give at least 1 pair")
        for name in self.criteria:
            if isinstance(name, str):
                require_criterion(name)
        require_steps(self.n_steps)
        require_method(self.method)
        preset_named(self.preset)
        for what, word, known in (
            ("style net", self.net, get_args(StyleNetName)),
            ("precision", self.precision, get_args(Precision)),
        ):
            if word is not None and word not in known:
                raise UsageError(f"there is no {what} {word!r}", nearest(word, known))

    @property
    def criteria(self) -> tuple[str | tuple[str, ...], ...]:
        """Each criterion once, in the order given; listed pairs together where the first stood."""
        parts = self.pairs.split(",") if isinstance(self.pairs, str) else self.pairs
        named = [name.strip() for name in parts if name.strip()]
        listed = tuple(name for name in named if ":" in name)
        return tuple(dict.fromkeys(listed if ":" in name else name for name in named))


class Part(NamedTuple):
    """What is measured of a few pairs: style curves, those of the dissolves, panel, geometry.

    ``true`` is None where the true in-between images are not known; ``kept`` are places among all
    pairs, and their ways, of the first of each verdict.
    """

    curves: StyleCurves
    nulls: StyleCurves
    panel: Panel
    names: np.ndarray
    columns: dict[str, np.ndarray]
    true: TruePart | None
    kept: dict[int, np.ndarray]


class Travels:
    """What all criteria of one measurement share: model, images, way, style net.

    Args:
        subject: The model and its images.
        config: Which trajectories.
        seed: Of everything drawn.
        progress: Called with trajectories done.
    """

    def __init__(
        self, subject: Subject, config: TravelConfig, *, seed: int, progress: Progress | None
    ):
        self.subject = subject
        self.config = config
        self.seed = seed
        self.crowd: Crowd = crowd_of(subject)
        around = surroundings_of(subject, self.crowd, config.method, seed=seed)
        self.travel: Interpolator = interpolator_named(config.method, around)
        preset = preset_named(config.preset)
        self.net: StyleNet = style_net(
            config.net, layers=preset.layers, pool=preset.pool, seed=seed
        )
        self.judge = Judge(
            subject.model, self.crowd, self.net,
            preset=config.preset, precision=config.precision, seed=seed,
        )  # fmt: skip
        # A straight line needs none beside it.
        self.features: FeatureNet | None = (
            None if config.method == "linear" else feature_net(seed=seed)
        )
        self.truth: Truth | None = truth_of(
            subject, n_steps=config.n_steps, again=self.judge.again, style=self.judge.style
        )
        self._progress = progress
        self._done, self._all = 0, config.n_pairs * len(config.criteria)

    def of(self, pairs: Pairs) -> tuple[Journeys, Row]:
        """All trajectories of one criterion, in one streamed pass, and the row they come to."""
        ends = ends_of(self.subject, pairs)
        rows = sample_rows(self.subject, pairs)
        parts = list(self._parts(ends, rows))
        curves, layer_curves = _joined([part.curves for part in parts])
        nulls, layer_nulls = _joined([part.nulls for part in parts])
        panel = Panel.joined(part.panel for part in parts)
        shapes, null_shapes = style_patterns(curves, nulls), style_patterns(nulls)
        names = np.concatenate([part.names for part in parts])
        columns = {
            **{key: np.concatenate([p.columns[key] for p in parts]) for key in parts[0].columns},
            **panel.columns,
            "morph_by_frames": morphs_by_frames(panel),
            "dissolve_amount": dissolve_amount(panel.off_blend_most),
            **shapes.columns,
        }
        called = names_of(self.subject, pairs)
        row = summary_row(
            pairs.criterion, columns, patterns=shapes.pattern, null_patterns=null_shapes.pattern,
            verdicts=names, ends=SharedEnds.of(called), reasons=(panel.unfit, shapes.unfit),
        )  # fmt: skip
        if self.truth is not None and rows is None:
            row = row.model_copy(update={"undefined": (*row.undefined, NO_SAMPLES)})
        shown = _examples(names)
        kept = {place: way for part in parts for place, way in part.kept.items()}
        frames = self.judge.frames(np.stack([kept[i] for i in shown])) if len(shown) else None
        journeys = Journeys(
            criterion=pairs.criterion,
            pairs=called,
            curves=curves,
            nulls=nulls,
            layers=parts[0].curves.layers,
            layer_curves=layer_curves,
            layer_nulls=layer_nulls,
            patterns=tuple(shapes.pattern.tolist()),
            null_patterns=tuple(null_shapes.pattern.tolist()),
            verdicts=tuple(names.tolist()),
            numbers=columns,
            undefined={str(i): str(panel.unfit[i]) for i in np.flatnonzero(panel.unfit != "")},
            shown=tuple(shown.tolist()),
            frames=_bytes(frames),
            dissolves=_bytes(None if frames is None else _null(frames)),
            truth=self._true_ways(parts, rows, shown),
        )
        return journeys, row

    def _true_ways(
        self, parts: list[Part], rows: np.ndarray | None, shown: np.ndarray
    ) -> TrueWays | None:
        if self.truth is None or rows is None:
            return None
        return self.truth.record([p.true for p in parts if p.true is not None], rows[shown])

    def _parts(self, ends: np.ndarray, rows: np.ndarray | None) -> Iterator[Part]:
        """A few pairs at a time; ``rows`` are those of the samples at their ends."""
        moments = self.config.n_steps
        if self.truth is not None and rows is not None:
            moments = self.truth.n_moments
        step = max(1, VALUES_AT_ONCE // (moments * int(np.prod(self.subject.images.shape))))
        shown: Counter[str] = Counter()
        for start in range(0, len(ends), step):
            here = slice(start, start + step)
            part = self._part(ends[here], None if rows is None else rows[here], start)
            for place in list(part.kept):
                shown[part.names[place - start]] += 1
                if shown[part.names[place - start]] > N_SHOWN:
                    del part.kept[place]
            yield part
            self._done += len(ends[here])
            if self._progress is not None:
                self._progress(self._done, max(self._all, self._done), "trajectories")

    def _part(self, ends: np.ndarray, rows: np.ndarray | None, start: int) -> Part:
        """What is measured of a few pairs, the first of them the ``start``-th of all."""
        judge = self.judge
        ways = self.travel(ends[:, 0], ends[:, 1], n_steps=self.config.n_steps)
        searched = self.travel.last if isinstance(self.travel, Geodesic) else None
        frames = judge.frames(ways)
        drawn = true = None
        if self.truth is not None and rows is not None:
            drawn = self.truth.drawn(rows)
            true = self.truth.measured(frames, drawn)
        told = judge.judged(
            ways,
            frames,
            truth=None if drawn is None else drawn.frames,
            ceiling=None if drawn is None else drawn.ceiling,
        )
        columns = {
            **told.geometry.columns,
            **self._beside_line(ends, frames),
            **({} if searched is None else searched.columns),
            **({} if true is None else true.columns),
        }
        kept = {start + int(i): ways[i].copy() for i in _examples(told.names)}
        return Part(told.curves, told.nulls, told.panel, told.names, columns, true, kept)

    def _beside_line(self, ends: np.ndarray, frames: Tensor) -> dict[str, np.ndarray]:
        if self.features is None:
            return {}
        lines = linear(ends[:, 0], ends[:, 1], n_steps=self.config.n_steps)
        return beside_line(frames, self.judge.frames(lines), features=self.features.vectors)


def _joined(parts: list[StyleCurves]) -> tuple[np.ndarray, np.ndarray]:
    """Totals ``pairs steps-1`` and layers ``pairs layers steps-1`` of all parts."""
    totals, layers = torch.cat([p.total for p in parts]), torch.cat([p.per_layer for p in parts])
    return totals.numpy(), layers.numpy()


def _null(frames: Tensor) -> Tensor:
    return dissolve(frames[:, 0], frames[:, -1], frames.shape[1])


def _examples(names: np.ndarray) -> np.ndarray:
    """Places of the first trajectories of each verdict but *undefined*."""
    known = [name for name in dict.fromkeys(names.tolist()) if name != "undefined"]
    return np.array(sorted(i for n in known for i in np.flatnonzero(names == n)[:N_SHOWN]), int)


def _bytes(frames: Tensor | None) -> np.ndarray:
    if frames is None:
        return np.zeros((0,), np.uint8)
    return (frames * 255).round().nan_to_num(0).to(torch.uint8).numpy()

"""What lies in truth between two samples, where what drew them is known; and how near one comes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from latentscape.data import between_rows
from latentscape.data.generators import Between
from latentscape.records import TrueWays
from latentscape.trajectories import Pairs
from latentscape.trajectories.dissolve import dissolve
from latentscape.trajectories.panel import Panel, dissolve_panel
from latentscape.trajectories.patterns import style_patterns
from latentscape.trajectories.truth import motion_skill, truth_errors, truth_scores
from latentscape.trajectories.verdict import verdicts
from latentscape.workflows.opening import Subject

N_MOMENTS = 64  # of each true way, at least, among which the nearest to a frame is looked for
AT_ONCE = 8  # pairs whose moments are held as floats


@dataclass(frozen=True)
class Drawn:
    """The true images between a few pairs.

    Attributes:
        line: uint8 ``pairs moments channels height width``, the true way in fine steps.
        places: (moments,) t of each.
        frames: ``pairs steps channels height width`` in [0, 1], at the moments of the frames.
        ceiling: The same, encoded and decoded: the best that the model could show.
        blend: Cross-dissolves of the true ends, encoded and decoded.
    """

    line: np.ndarray
    places: np.ndarray
    frames: Tensor
    ceiling: Tensor
    blend: Tensor


@dataclass(frozen=True)
class TruePart:
    """What is measured of a few pairs.

    Attributes:
        curves: (pairs, steps − 1) style curves of the true frames.
        panel, ceiling_panel: Of the true frames, and of these encoded and decoded.
        columns, dissolves, ceilings: Nearness to the truth of the trajectories, of the
            cross-dissolves of their ends, and of the true frames encoded and decoded.
    """

    curves: np.ndarray
    panel: Panel
    ceiling_panel: Panel
    columns: dict[str, np.ndarray]
    dissolves: dict[str, np.ndarray]
    ceilings: dict[str, np.ndarray]


class Truth:
    """Draws the true images between samples and holds trajectories against them.

    Args:
        draw: The generator, over rows of the images.
        n_steps: Frames of a trajectory, both ends counted.
        again: Images ``batch channels height width`` encoded and decoded.
        style: Frames to their style curves, (pairs, steps − 1).
    """

    def __init__(
        self,
        draw: Between,
        *,
        n_steps: int,
        again: Callable[[Tensor], Tensor],
        style: Callable[[Tensor], np.ndarray],
    ):
        self._draw = draw
        self._again = again
        self._style = style
        self._n_steps = n_steps
        self._fine = -(-(N_MOMENTS - 1) // max(1, n_steps - 1))  # moments from frame to frame

    @property
    def n_moments(self) -> int:
        """Images that are drawn for each pair."""
        return self._fine * (self._n_steps - 1) + 1

    def drawn(self, rows: np.ndarray) -> Drawn:
        """The true way between each two of the rows (pairs, 2), in fine steps."""
        places = np.linspace(0, 1, self.n_moments)
        line = self._images(rows, places)
        frames = _floats(line[:, :: self._fine])
        faded = dissolve(frames[:, 0], frames[:, -1], self._n_steps)
        ceiling, blend = (
            self._again(images.flatten(0, 1)).unflatten(0, frames.shape[:2])
            for images in (frames, faded)
        )
        return Drawn(line, places, frames, ceiling, blend)

    def frames(self, rows: np.ndarray) -> np.ndarray:
        """The true frames alone, uint8 ``pairs steps channels height width``."""
        return self._images(rows, np.linspace(0, 1, self._n_steps))

    def measured(self, frames: Tensor, drawn: Drawn) -> TruePart:
        """Trajectories beside the true way, their cross-dissolves and the model's ceiling."""
        faded = dissolve(frames[:, 0], frames[:, -1], self._n_steps)
        skill = motion_skill(frames, drawn.frames, ceiling=drawn.ceiling, blend=drawn.blend)
        return TruePart(
            curves=self._style(drawn.frames),
            panel=dissolve_panel(drawn.frames),
            ceiling_panel=dissolve_panel(drawn.ceiling),
            columns=_nearness(frames, drawn) | {"motion_skill_decoded": skill},
            dissolves=_nearness(faded, drawn),
            ceilings=_nearness(drawn.ceiling, drawn),
        )

    def record(self, parts: Sequence[TruePart], shown: np.ndarray) -> TrueWays:
        """All parts of one criterion.

        Args:
            parts: In the order of the pairs.
            shown: (k, 2) rows of the pairs whose frames are kept.
        """
        curves = np.concatenate([part.curves for part in parts])
        panel = Panel.joined(part.panel for part in parts)
        ceiling = Panel.joined(part.ceiling_panel for part in parts)
        shapes = style_patterns(curves)
        return TrueWays(
            curves=curves,
            patterns=tuple(shapes.pattern.tolist()),
            verdicts=tuple(verdicts(panel).tolist()),
            numbers={**panel.columns, **shapes.columns},
            dissolves=joined([part.dissolves for part in parts]),
            ceilings=joined([part.ceilings for part in parts]),
            ceiling_verdicts=tuple(verdicts(ceiling).tolist()),
            frames=self.frames(shown) if len(shown) else np.zeros((0,), np.uint8),
        )

    def _images(self, rows: np.ndarray, places: np.ndarray) -> np.ndarray:
        first, last = np.repeat(rows, len(places), axis=0).T
        images = self._draw(first, last, np.tile(places, len(rows)))
        return images.reshape(len(rows), len(places), *images.shape[1:])


def truth_of(
    subject: Subject,
    *,
    n_steps: int,
    again: Callable[[Tensor], Tensor],
    style: Callable[[Tensor], np.ndarray],
) -> Truth | None:
    """The truth about a subject's images; None where what made them is not known."""
    draw = between_rows(subject.images, subject.config)
    return None if draw is None else Truth(draw, n_steps=n_steps, again=again, style=style)


def sample_rows(subject: Subject, pairs: Pairs) -> np.ndarray | None:
    """(pairs, 2) rows of the images at both ends; None where ends are no samples."""
    if pairs.ends is not None or (pairs.rows < 0).any():
        return None
    return subject.rows[pairs.rows]


def joined(columns: Sequence[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Columns of all parts, in order."""
    return {name: np.concatenate([part[name] for part in columns]) for name in columns[0]}


def _nearness(frames: Tensor, drawn: Drawn) -> dict[str, np.ndarray]:
    """Error and ACAI's two scores, (pairs,) each."""
    found = []
    for start in range(0, len(frames), AT_ONCE):
        few = slice(start, start + AT_ONCE)
        found.append(truth_scores(frames[few], _floats(drawn.line[few]), drawn.places).columns)
    return {"truth_error": truth_errors(frames, drawn.frames), **joined(found)}


def _floats(images: np.ndarray) -> Tensor:
    return torch.from_numpy(images.astype(np.float32) / np.float32(255))

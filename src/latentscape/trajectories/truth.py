"""How near a trajectory comes to what a known generator, or the film itself, has in between."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from latentscape.errors import ShapeError, UsageError
from latentscape.trajectories.dissolve import dissolve
from latentscape.trajectories.parts import Frames, double, require_frames, require_like, spans

Distance = Callable[[Tensor, Tensor], Tensor]


def squared_error(images: Tensor, others: Tensor) -> Tensor:
    """Mean squared difference of each image to its partner, ``batch``."""
    return (images - others).square().flatten(1).mean(1)


def motion_skill(
    frames: Frames,
    truth: Frames,
    *,
    ceiling: Frames | None = None,
    blend: Frames | None = None,
    distance: Distance = squared_error,
) -> np.ndarray:
    """How much of the error of a plain crossfade a trajectory takes away.

    [d(blend, truth) − d(frames, truth)] / [d(blend, truth) − d(ceiling, truth)], every d summed
    over the frames between the ends; with three frames this is the skill of the middle one.

    Args:
        frames: ``pairs steps channels height width`` in [0, 1], NumPy or torch.
        truth: True frames, same shape.
        ceiling: The best the autoencoder could do, D(E(truth)), same shape; without it the truth
            itself, so that the decoder's own error counts as lack of skill.
        blend: What to do better than; without it the cross-dissolve of the first and last frame.
            D(E(blend)) parts the error of the decoder from that of the way.
        distance: Images and partners, ``batch channels height width`` float32, to ``batch``.

    Returns:
        (pairs,) 1 as good as the ceiling, 0 no better than a crossfade, below 0 worse; NaN where
        the crossfade is already as good as the ceiling or a frame is not finite.

    Raises:
        ShapeError: If the frames differ in shape.

    Reference: METHODS §4.3, 6.
    """
    require_frames(frames)
    others = {"true frames": truth, "ceiling": ceiling, "blend": blend}
    for name, other in others.items():
        if other is not None:
            require_like(frames, other, name)
    if frames.shape[1] < 3:
        return np.full(len(frames), np.nan)
    found = []
    for rows in spans(frames):
        shown, true = double(frames, rows), double(truth, rows)
        faded = _faded(shown) if blend is None else double(blend, rows)
        own = _summed(distance, shown, true)
        fade = _summed(distance, faded, true)
        best = 0.0 if ceiling is None else _summed(distance, double(ceiling, rows), true)
        room = fade - best
        found.append(torch.where(room > 0, (fade - own) / room, torch.nan).cpu().numpy())
    return np.concatenate(found) if found else np.zeros(0)


def truth_errors(frames: Frames, truth: Frames) -> np.ndarray:
    """Mean squared difference to the true frames, over pixels and the frames between the ends.

    Args:
        frames: ``pairs steps channels height width`` in [0, 1], NumPy or torch.
        truth: True frames, same shape.

    Returns:
        (pairs,) squared pixel value, 0 to 1, lower is better; NaN where a frame is not finite or
        there are none between the ends.

    Raises:
        ShapeError: If the frames differ in shape.
    """
    require_frames(frames)
    require_like(frames, truth, "true frames")
    inner = frames.shape[1] - 2
    if inner < 1:
        return np.full(len(frames), np.nan)
    found = [
        _summed(squared_error, double(frames, rows), double(truth, rows)) / inner
        for rows in spans(frames)
    ]
    return torch.cat(found).cpu().numpy() if found else np.zeros(0)


@dataclass(frozen=True)
class TruthScores:
    """How far frames lie from the true way, and how evenly they go along it.

    Attributes:
        mean_distance: (pairs,) cosine distance of a frame to the nearest true image, mean over
            frames; 0 on the true way; in [0, 2].
        smoothness: (pairs,) largest move in θ over the whole, less 1/(steps − 1); 0 perfectly
            even, 1 − 1/(steps − 1) all at once; above that where the way turns back. NaN where
            the first and last frame are nearest to one and the same true image.
        places: (pairs, steps) θ of the nearest true image.
    """

    mean_distance: np.ndarray
    smoothness: np.ndarray
    places: np.ndarray

    @property
    def columns(self) -> dict[str, np.ndarray]:
        """Name in the catalogue to one value a pair."""
        return {"truth_distance": self.mean_distance, "truth_unevenness": self.smoothness}


def truth_scores(
    frames: Frames, truths: Frames, places: np.ndarray, *, period: float | None = None
) -> TruthScores:
    """Mean distance and smoothness against images that a known generator draws.

    A pair without smoothness is NaN and so left out of means, where the authors' program counts
    it as perfect.

    Args:
        frames: ``pairs steps channels height width`` in [0, 1], NumPy or torch.
        truths: ``pairs m channels height width`` true images for each pair, or 1 set of m for all.
        places: (m,) or (pairs, m) the generator's parameter θ of each true image, such as the
            moment t between the ends.
        period: Of θ, where it is an angle; moves are then taken the shorter way.

    Raises:
        ShapeError: If the arrays do not fit one another.
        UsageError: If there is one true image only.

    Reference:
        Berthelot et al. 2019, Understanding and improving interpolation in autoencoders via an
        adversarial regularizer, §4.1.
    """
    require_frames(frames)
    require_frames(truths, "true images")
    pairs, m = len(frames), int(truths.shape[1])
    if m < 2:
        raise UsageError("one true image shows no way", "draw at least two moments")
    if len(truths) not in (1, pairs) or truths.shape[2:] != frames.shape[2:]:
        raise ShapeError(
            f"true images {tuple(truths.shape)} do not fit frames {tuple(frames.shape)}"
        )
    if places.shape not in ((m,), (pairs, m)):
        raise ShapeError(f"{places.shape} places of {m} true images")
    places = np.broadcast_to(places, (pairs, m))
    wide = truths if truths.shape[1] > frames.shape[1] and len(truths) > 1 else frames
    closeness: list[np.ndarray] = []
    nearest: list[np.ndarray] = []
    for rows in spans(wide):
        known = double(truths, rows if len(truths) > 1 else slice(0, 1))
        alike = _unit(double(frames, rows)) @ _unit(known).transpose(1, 2)  # pairs steps m
        best = alike.max(2)
        closeness.append(best.values.cpu().numpy())
        nearest.append(best.indices.cpu().numpy())
    distance = 1 - np.concatenate(closeness)  # NaN frames keep NaN
    theta = np.take_along_axis(places, np.concatenate(nearest), 1)
    theta = np.where(np.isfinite(distance), theta, np.nan)
    return TruthScores(
        mean_distance=np.maximum(distance, 0).mean(1),
        smoothness=_smoothness(theta, period),
        places=theta,
    )


def _smoothness(theta: np.ndarray, period: float | None) -> np.ndarray:
    steps = theta.shape[1]
    moves, whole = np.diff(theta, axis=1), theta[:, -1] - theta[:, 0]
    if period is not None:
        moves, whole = (v - period * np.round(v / period) for v in (moves, whole))
    if steps < 2:
        return np.full(len(theta), np.nan)
    most, whole = np.abs(moves).max(1), np.abs(whole)
    share = np.divide(most, whole, out=np.full(len(theta), np.nan), where=whole > 0)
    return share - 1 / (steps - 1)


def _faded(frames: Tensor) -> Tensor:
    return dissolve(frames[:, 0], frames[:, -1], frames.shape[1])


def _unit(images: Tensor) -> Tensor:
    rows = images.flatten(2)
    return rows / rows.norm(dim=2, keepdim=True).clamp_min(1e-12)


def _summed(distance: Distance, frames: Tensor, truth: Tensor) -> Tensor:
    one, other = (x[:, 1:-1].flatten(0, 1).float() for x in (frames, truth))
    return distance(one, other).double().view(len(frames), -1).sum(1)

"""Dissolve or morph? Closed-form numbers on decoded frames, each exact for a cross-dissolve.

The null is the plain cross-dissolve (1 − t) y₀ + t y₁ of the *decoded* ends, so that the error of
reconstruction counts nowhere. Everything but contrast and edges follows from the products
⟨yᵢ − y₀, yⱼ − y₀⟩ of one trajectory's frames, a table of steps × steps.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from latentscape.errors import ShapeError
from latentscape.trajectories.parts import Frames, double, require_frames, spans
from latentscape.trajectories.per_pair import PerPair
from latentscape.trajectories.polyline import polyline, products
from latentscape.trajectories.truth import motion_skill

FEWEST_STEPS = 3
SAME = 0.5 / 255  # ends nowhere further apart than half an 8-bit level are one picture
EDGE_QUANTILE = 0.85
EDGE_LEAST = 0.1  # of the strongest edge: where most of an image is flat, its quantile is 0
FLAT_SHARE = 0.25  # of the edge threshold: below this the other image is flat there


@dataclass(frozen=True)
class Panel(PerPair):
    """The numbers of `dissolve_panel`, one row a pair; NaN where a pair does not define them.

    Attributes:
        blend: (pairs, steps) α̂, place on the line through the ends; t for a dissolve.
        off_blend: (pairs, steps) energy off that line; 0 for a dissolve.
        deficits: (pairs, steps) contrast lost, 1 for a dissolve; NaN at both ends.
        blend_gap: (pairs,) largest |α̂ − t|.
        off_blend_most, off_blend_median: (pairs,) over the steps between the ends.
        deficit: (pairs,) the deficit of all steps together: lost contrast summed over steps, over
            what a dissolve loses; steps near the ends, where both are small, weigh little.
        path_ratio: (pairs,) length in pixels over chord.
        turning: (pairs,) radians, sum of the angles between steps in pixel space.
        ghost: (pairs,) ghost product at the middle; NaN where an end has no edges of its own.
        residual: (pairs,) median of `cycle` between the ends; NaN where none was given.
        residual_ratio: (pairs,) the same over data level.
        neighbours: (pairs,) median of the neighbour ratios between the ends, or NaN.
        skill: (pairs,) motion skill, where the true frames were given.
        unfit: (pairs,) why a pair is undefined; empty where it is not.
    """

    names: ClassVar = {
        "blend_gap": "blend_gap",
        "off_blend_most": "off_blend_most",
        "off_blend_median": "off_blend_median",
        "dissolve_deficit": "deficit",
        "path_ratio": "path_ratio",
        "decoded_turning": "turning",
        "ghost_product": "ghost",
        "cycle_residual": "residual",
        "cycle_residual_ratio": "residual_ratio",
        "neighbour_ratio": "neighbours",
        "motion_skill": "skill",
    }
    optional: ClassVar = frozenset(
        {"cycle_residual", "cycle_residual_ratio", "neighbour_ratio", "motion_skill"}
    )

    blend: np.ndarray
    off_blend: np.ndarray
    deficits: np.ndarray
    blend_gap: np.ndarray
    off_blend_most: np.ndarray
    off_blend_median: np.ndarray
    deficit: np.ndarray
    path_ratio: np.ndarray
    turning: np.ndarray
    ghost: np.ndarray
    residual: np.ndarray
    residual_ratio: np.ndarray
    neighbours: np.ndarray
    skill: np.ndarray
    unfit: np.ndarray

    @property
    def n_steps(self) -> int:
        """Frames on each trajectory, both ends counted."""
        return self.blend.shape[1]


BY_STEP = ("blend", "off_blend", "deficits")


def dissolve_panel(
    frames: Frames,
    *,
    cycle: np.ndarray | None = None,
    cycle_level: np.ndarray | None = None,
    neighbours: np.ndarray | None = None,
    truth: Frames | None = None,
    ceiling: Frames | None = None,
) -> Panel:
    """How much each trajectory is a cross-dissolve of its ends, and in what it is not.

    Args:
        frames: ``pairs steps channels height width`` in [0, 1], NumPy or torch; t is even.
        cycle: (pairs, steps) ‖E(D(z_t)) − z_t‖ / ‖z_1 − z_0‖, of `cycle_errors`.
        cycle_level: (pairs,) the same number of data, of `cycle_levels`; without it, the mean of
            each pair's own two ends, which two latents make a shaky level.
        neighbours: (pairs, steps) distance to data over that of data to data, of
            `Neighbourhood.ratios`.
        truth: True frames in the shape of `frames`, for the motion skill.
        ceiling: Their reconstructions, see `motion_skill`.

    Returns:
        The panel, NumPy, float64.

    Raises:
        ShapeError: If arrays do not fit one another.

    Reference: METHODS §4.3.
    """
    require_frames(frames)
    pairs, steps = int(frames.shape[0]), int(frames.shape[1])
    for name, given, shape in (
        ("cycle errors", cycle, (pairs, steps)),
        ("cycle levels", cycle_level, (pairs,)),
        ("neighbour ratios", neighbours, (pairs, steps)),
    ):
        if given is not None and given.shape != shape:
            raise ShapeError(f"{name} {given.shape} do not fit {pairs} pairs × {steps} steps")
    if pairs == 0 or steps < FEWEST_STEPS:
        numbers, unfit = _too_few(pairs, steps)
    else:
        found = [_measured_part(double(frames, rows)) for rows in spans(frames)]
        numbers = {name: np.concatenate([one[name] for one, _ in found]) for name in found[0][0]}
        unfit = np.concatenate([why for _, why in found])
    nothing = np.full(pairs, np.nan)
    residual, ratio = _residuals(cycle, cycle_level, nothing)
    lost = unfit != ""
    optional = {
        "residual": residual,
        "residual_ratio": ratio,
        "neighbours": nothing if neighbours is None else _inner_median(neighbours),
        "skill": nothing if truth is None else motion_skill(frames, truth, ceiling=ceiling),
    }
    for name, values in optional.items():
        numbers[name] = np.where(lost, np.nan, values)
    return Panel(**numbers, unfit=unfit)


def _too_few(pairs: int, steps: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    numbers = {name: np.full(pairs, np.nan) for name in Panel.names.values()}
    numbers |= {name: np.full((pairs, steps), np.nan) for name in BY_STEP}
    frames = "frame" if steps == 1 else "frames"
    return numbers, np.full(pairs, f"{steps} {frames}: a way between two ends needs at least 3")


def _measured_part(images: Tensor) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """All numbers of a few pairs, and why some of them have none."""
    finite = images.flatten(1).sum(1).isfinite()
    if not finite.all():
        images = torch.where(finite.view(-1, 1, 1, 1, 1), images, 0.0)
    apart = images[:, -1] - images[:, 0]
    same = apart.flatten(1).abs().amax(1) < SAME
    contrast = apart - apart.flatten(2).mean(2)[:, :, None, None]
    even = contrast.flatten(1).abs().amax(1) < SAME
    numbers = _products(images) | _contrast(images) | {"ghost": _ghost(images)}
    fit = finite & ~same & ~even
    # later reasons give way to earlier ones
    why = np.full(len(images), "", dtype="<U96")
    why[even.cpu().numpy()] = "its ends differ by an even tone only, so that no contrast is at play"
    why[same.cpu().numpy()] = "both ends decode to the same picture"
    why[~finite.cpu().numpy()] = "the decoder gave NaN or infinite pixels"
    masked = {
        name: torch.where(fit.view(-1, *[1] * (values.ndim - 1)), values, torch.nan)
        for name, values in numbers.items()
    }
    return {name: values.cpu().numpy() for name, values in masked.items()}, why


def _products(images: Tensor) -> dict[str, Tensor]:
    """What follows from ⟨yᵢ − y₀, yⱼ − y₀⟩: place on the blend line, energy off it, length."""
    steps = images.shape[1]
    t = torch.linspace(0, 1, steps, dtype=images.dtype, device=images.device)
    table = products(images)
    line = polyline(table)
    chord = table[:, -1, -1:]
    blend = table[:, :, -1] / chord
    squares = table.diagonal(dim1=1, dim2=2)
    off = (squares / chord - blend.square()).clamp_min(0)  # 0 but for rounding on the line
    inner = off[:, 1:-1]
    return {
        "blend": blend,
        "off_blend": off,
        "blend_gap": (blend - t).abs().amax(1),
        "off_blend_most": inner.amax(1),
        "off_blend_median": inner.quantile(0.5, dim=1),
        "path_ratio": line.ratio,
        "turning": line.turning,
    }


def _contrast(images: Tensor) -> dict[str, Tensor]:
    """[(1−t) Var y₀ + t Var y₁ − Var y_t] / [t(1−t) Var(y₁ − y₀)], variances over the image."""
    steps = images.shape[1]
    t = torch.linspace(0, 1, steps, dtype=images.dtype, device=images.device)
    variance = _variance(images)  # pairs steps
    spread = _variance(images[:, -1] - images[:, 0])
    lost = ((1 - t) * variance[:, :1] + t * variance[:, -1:] - variance)[:, 1:-1]
    weight = (t * (1 - t))[1:-1]
    ends = torch.full_like(lost[:, :1], torch.nan)
    deficits = torch.cat([ends, lost / (weight * spread[:, None]), ends], dim=1)
    return {"deficits": deficits, "deficit": lost.sum(1) / (weight.sum() * spread)}


def _variance(images: Tensor) -> Tensor:
    """Over the places of an image, channels summed; without a copy of the images."""
    places = images.flatten(-2)
    squares = torch.linalg.vector_norm(places, dim=-1).square() / places.shape[-1]
    return (squares - places.mean(-1).square()).clamp_min(0).sum(-1)


def _ghost(images: Tensor) -> Tensor:
    """ρ₀ρ₁ / (t(1−t)): how much of both ends' own edges is seen at once, at the middle."""
    steps = images.shape[1]
    if min(images.shape[3:]) < 3:
        return torch.full_like(images[:, 0, 0, 0, 0], torch.nan)
    middles = (steps // 2,) if steps % 2 else (steps // 2 - 1, steps // 2)
    first, last = _slopes(images[:, 0]), _slopes(images[:, -1])  # pairs places
    strong = _edge_threshold(first), _edge_threshold(last)
    own = (
        (first > strong[0]) & (last < FLAT_SHARE * strong[0]),
        (last > strong[1]) & (first < FLAT_SHARE * strong[1]),
    )
    found = []
    for step in middles:
        t = step / (steps - 1)
        seen = _slopes(images[:, step])
        ends = zip((first, last), own, strict=True)
        kept = [(seen * at).sum(1) / (end * at).sum(1) for end, at in ends]
        found.append(kept[0] * kept[1] / (t * (1 - t)))
    return torch.stack(found).mean(0)


def _slopes(images: Tensor) -> Tensor:
    """|∇y| over all channels by central differences, without the border."""
    down = (images[:, :, 2:, 1:-1] - images[:, :, :-2, 1:-1]) / 2
    right = (images[:, :, 1:-1, 2:] - images[:, :, 1:-1, :-2]) / 2
    return (down.square() + right.square()).sum(1).sqrt().flatten(1)


def _edge_threshold(slopes: Tensor) -> Tensor:
    rank = max(1, round(EDGE_QUANTILE * slopes.shape[1]))
    quantile = slopes.kthvalue(rank, dim=1).values
    return torch.maximum(quantile, EDGE_LEAST * slopes.amax(1))[:, None]


def _residuals(
    cycle: np.ndarray | None, level: np.ndarray | None, nothing: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    if cycle is None:
        return nothing, nothing
    residual = _inner_median(cycle)
    data = cycle[:, [0, -1]].mean(1) if level is None else level
    return residual, np.divide(residual, data, out=nothing.copy(), where=data > 0)


def _inner_median(values: np.ndarray) -> np.ndarray:
    inner = np.asarray(values, np.float64)[:, 1:-1]
    return np.median(inner, axis=1) if inner.shape[1] else np.full(len(inner), np.nan)

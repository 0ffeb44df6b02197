"""Style curves: how much style changes from each frame of a trajectory to the next.

Each frame goes through the net once. A trajectory and its null share their ends, so the two are
one closed chain of 2 n − 2 frames: there along the one, back along the other; what is compared
are neighbours in the chain.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from latentscape.errors import ShapeError
from latentscape.nn.style_nets import Precision, StyleNet
from latentscape.trajectories.dissolve import dissolve
from latentscape.trajectories.gram import gram_gaps, gram_norms
from latentscape.trajectories.style_presets import StylePreset, preset_named

MOST_BYTES = 20 << 20  # of the largest map, over the frames in the net at once: a cache of maps


@dataclass(frozen=True)
class StyleCurves:
    """Style curves of some trajectories; value ``i`` lies between frames ``i`` and ``i + 1``.

    Attributes:
        layers: Names of the layers.
        per_layer: (pairs, layers, steps − 1) float32: each layer's own distance. 0 is the same
            style, no upper bound, no unit; NaN where the pair has a reason to be.
        total: (pairs, steps − 1) float32: mean or sum over layers, as the preset has it.
        reasons: For each pair, why its curve is missing or has no shape; empty where all is well.
        words: Preset, net, layers, weights, arithmetic: what must agree before two are compared.
    """

    layers: tuple[str, ...]
    per_layer: Tensor
    total: Tensor
    reasons: tuple[str, ...]
    words: str


def style_curves(
    frames: Tensor,
    net: StyleNet,
    *,
    preset: str = "gatys",
    relative: bool = False,
    precision: Precision = "exact",
) -> StyleCurves:
    """Style distance between each two neighbouring frames of trajectories.

    Args:
        frames: ``pairs steps channels height width`` in [0, 1], or uint8.
        net: The style net; curves are averaged over its draws of random weights.
        preset: ``gatys``, ``johnson`` or ``tutorial``.
        relative: ‖G_a − G_b‖² / (‖G_a‖ ‖G_b‖), averaged over layers, in place of the preset's:
            it does not fall with contrast⁴.
        precision: ``exact`` is fp32; ``fast`` is bf16 from the second step of the net on, where
            the processor has it natively.

    Returns:
        Tensors on the CPU. A pair with a frame that is not finite is NaN.

    Raises:
        ShapeError: If there are fewer than two frames, or they are too small for the net.
        UsageError: If the preset or the precision is unknown.

    Reference: Gatys et al. 2015, eqs. 3 to 5; the others: `style_presets`.
    """
    task = _Task(net, preset_named(preset), relative, precision)
    _require_frames(frames)
    return _curves(frames, _along(frames, task, closed=False), task)


def style_curves_and_null(
    frames: Tensor,
    net: StyleNet,
    *,
    preset: str = "gatys",
    relative: bool = False,
    precision: Precision = "exact",
) -> tuple[StyleCurves, StyleCurves]:
    """`style_curves` of trajectories and of the cross-dissolves of their ends, in one pass.

    The ends go through the net once for both: 2 n − 2 frames for 2 n.

    Returns:
        The curves, and those of the null model of each pair.
    """
    task = _Task(net, preset_named(preset), relative, precision)
    _require_frames(frames)
    around = _along(frames, task, closed=True)
    n_gaps = frames.shape[1] - 1
    there, back = around[..., :n_gaps], around[..., n_gaps:].flip(-1)
    return _curves(frames, there, task), _curves(frames, back, task)


@dataclass(frozen=True)
class _Task:
    """What is computed, in what."""

    net: StyleNet
    preset: StylePreset
    relative: bool
    precision: Precision

    @property
    def words(self) -> str:
        net = self.net
        formula = "‖ΔG‖² / (‖G_a‖ ‖G_b‖), mean over layers" if self.relative else self.preset.words
        arithmetic = net.precision_for(self.precision)
        return f"style {self.preset.name}: {formula}; {net.facts.words}; {arithmetic}"


def _require_frames(frames: Tensor) -> None:
    if frames.ndim != 5:
        raise ShapeError(
            f"frames are pairs × steps × channels × height × width, these {tuple(frames.shape)}"
        )
    if frames.shape[1] < 2:
        raise ShapeError(
            f"a style curve needs two frames, these trajectories have {frames.shape[1]}",
            "travel in at least 2 steps",
        )


def _curves(frames: Tensor, gaps: Tensor, task: _Task) -> StyleCurves:
    """Gaps of finite pairs, weighted as the preset has it, with a reason for every other pair."""
    layers = task.net.fitting(*frames.shape[-2:])
    mean = task.relative or task.preset.over_layers == "mean"
    total = gaps.mean(1) if mean else gaps.sum(1)
    same = (frames[:, 0] == frames[:, -1]).flatten(1).all(1).tolist()
    missing = (~gaps.isfinite()).flatten(1).any(1).tolist()
    broken = (~_finite(frames)).tolist()
    reasons = tuple(
        "a frame is not finite"
        if bad
        else "a frame has no features at some layer"
        if gone
        else "both ends are the same image: the curve has no shape"
        if alike
        else ""
        for bad, gone, alike in zip(broken, missing, same, strict=True)
    )
    return StyleCurves(layers, gaps.float(), total.float(), reasons, task.words)


def _finite(frames: Tensor) -> Tensor:
    return frames.isfinite().flatten(1).all(1)


@torch.inference_mode()
def _along(frames: Tensor, task: _Task, *, closed: bool) -> Tensor:
    """Gaps between neighbours, ``pairs layers gaps`` fp64, a few pairs or frames at a time."""
    net = task.net
    n_pairs, n_steps = frames.shape[:2]
    n_gaps = 2 * (n_steps - 1) if closed else n_steps - 1
    found = torch.full(
        (n_pairs, len(net.fitting(*frames.shape[-2:])), n_gaps), torch.nan, dtype=torch.float64
    )
    n_frames = n_gaps if closed else n_steps
    at_once = max(1, MOST_BYTES // (4 * net.largest_map(*frames.shape[-2:])))
    whole = _finite(frames).nonzero().flatten()
    for rows in whole.split(max(1, at_once // n_frames)) if len(whole) else ():
        chain = _as_floats(frames[rows].to(net.mean.device))
        if closed:
            null = dissolve(chain[:, 0], chain[:, -1], n_steps)
            chain = torch.cat([chain, null[:, 1:-1].flip(1)], 1)
        draws = [
            _one_draw(chain, task, draw=draw, at_once=at_once, closed=closed)
            for draw in range(net.n_draws)
        ]
        found[rows] = torch.stack(draws).mean(0).cpu()
    return found


def _as_floats(frames: Tensor) -> Tensor:
    return frames.float() / 255 if frames.dtype == torch.uint8 else frames.float()


def _one_draw(chain: Tensor, task: _Task, *, draw: int, at_once: int, closed: bool) -> Tensor:
    """Gaps along chains, ``pairs layers gaps``; of a long chain `at_once` frames at a time.

    Between two blocks only the maps of the frame at the seam are kept, and those of the first
    frame where the chain closes.
    """
    layers = task.net.fitting(*chain.shape[-2:])
    blocks = chain.split(max(1, at_once // len(chain)), 1)
    seam: dict[int, Tensor] = {}
    start: dict[int, Tensor] = {}
    found = []
    for i, block in enumerate(blocks):
        final = i == len(blocks) - 1
        gaps = []
        for layer, maps in enumerate(_maps(block, task, layers, draw)):
            if closed and i == 0:
                start[layer] = maps[:, :1].clone()
            parts = [seam[layer], maps] if i else [maps]
            parts += [start[layer]] if closed and final else []
            gaps.append(_gaps(torch.cat(parts, 1) if len(parts) > 1 else maps, task))
            if not final:
                seam[layer] = maps[:, -1:].clone()
        found.append(torch.stack(gaps, 1))
    return torch.cat(found, 2)


def _maps(block: Tensor, task: _Task, layers: tuple[str, ...], draw: int) -> Iterator[Tensor]:
    """Layer after layer, ``pairs frames positions channels``."""
    net, n_pairs = task.net, len(block)
    entered = net.entered(block.flatten(0, 1))
    for tap in net.taps(entered, layers=layers, draw=draw, precision=task.precision):
        yield tap.permute(0, 2, 3, 1).flatten(1, 2).unflatten(0, (n_pairs, -1))


def _gaps(line: Tensor, task: _Task) -> Tensor:
    """Distance of neighbours in lines of maps, ``pairs gaps`` fp64."""
    if not task.relative:
        return gram_gaps(line) * task.preset.factor(line.shape[-1])
    gaps, norms = gram_gaps(line), gram_norms(line)
    # Two frames without any features are alike; one without is nowhere near the other.
    return torch.where(gaps == 0, 0, gaps / (norms[:, :-1] * norms[:, 1:]))

"""Structural similarity in three named conventions, and its multi-scale form.

A published SSIM means nothing without window, covariance and data range (METHODS §1, T8): on the
same images the three differ by more than most models do.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from latentscape.errors import ShapeError, UsageError

SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
MS_SSIM_MIN_SIDE = 176
TILE = 32
CHUNK_VALUES = 1 << 17
COMPILED_ABOVE = 64 * 64  # pixels; small images are done before a compiled loop is loaded

Both = tuple[Tensor, Tensor]
Moments = tuple[Tensor, Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class Convention:
    """Window and data range of an SSIM.

    Attributes:
        window: Side of the window, pixels.
        sigma: Of the Gaussian window; None is a uniform one.
        data_range: R in C1 = (.01 R)², C2 = (.03 R)².
        sample_covariance: Divide by N − 1 instead of N inside a window.
    """

    window: int
    sigma: float | None
    data_range: float
    sample_covariance: bool

    @property
    def kernel(self) -> Tensor:
        """(window,) weights of the separable window, float64, summing to 1."""
        offset = torch.arange(self.window, dtype=torch.float64) - self.window // 2
        weights = torch.ones_like(offset)
        if self.sigma is not None:
            weights = torch.exp(-0.5 * (offset / self.sigma) ** 2)
        return weights / weights.sum()

    @property
    def constants(self) -> tuple[float, float, float]:
        """C1, C2 and the factor that makes a covariance a sample's."""
        n = self.window**2
        scale = n / (n - 1) if self.sample_covariance else 1.0
        return (0.01 * self.data_range) ** 2, (0.03 * self.data_range) ** 2, scale


CONVENTIONS: dict[str, Convention] = {
    "ssim_std": Convention(window=11, sigma=1.5, data_range=1.0, sample_covariance=False),
    "ssim_seed": Convention(window=7, sigma=None, data_range=1.0, sample_covariance=True),
    "ssim_atd": Convention(window=7, sigma=None, data_range=2.0, sample_covariance=True),
}


def ssim(
    originals: Float[Tensor, "batch channels height width"],
    reconstructions: Float[Tensor, "batch channels height width"],
    *,
    convention: str = "ssim_std",
) -> Float[Tensor, "batch"]:
    """SSIM of each image: mean over the windows that lie inside it, then over channels.

    Args:
        originals, reconstructions: Pixels in [0, 1].
        convention: ``ssim_std`` (Wang's), ``ssim_seed`` or ``ssim_atd``.

    Returns:
        −1 to 1; 1 is identical; higher is better; no unit.

    Raises:
        UsageError: If there is no such convention.
        ShapeError: If the images are smaller than the window.

    Reference:
        Wang et al. 2004, Image quality assessment, eq. 13.
    """
    return ssim_all(originals, reconstructions, conventions=(convention,))[convention]


def ssim_all(
    originals: Float[Tensor, "batch channels height width"],
    reconstructions: Float[Tensor, "batch channels height width"],
    *,
    conventions: tuple[str, ...] = tuple(CONVENTIONS),
) -> dict[str, Float[Tensor, "batch"]]:
    """`ssim` in several conventions at once; those with one window share the filtering."""
    for name in conventions:
        reason = refusal(name, originals.shape[2], originals.shape[3])
        if reason:
            raise ShapeError(reason)
    found = _similarities_of(originals, reconstructions, conventions)
    return {name: product.mean(1) for name, (_, product) in found.items()}


def ms_ssim(
    originals: Float[Tensor, "batch channels height width"],
    reconstructions: Float[Tensor, "batch channels height width"],
) -> Float[Tensor, "batch"]:
    """Multi-scale SSIM of each image: five scales, each half the last (2×2 means).

    The product is taken in each channel, then the mean over channels; a scale whose similarity
    is negative counts as 0, since a negative number has no fractional power.

    Returns:
        0 to 1; 1 is identical; higher is better; no unit.

    Raises:
        ShapeError: If the shorter side is under 176 pixels, the window's 11 times 2⁴.

    Reference:
        Wang et al. 2003, Multi-scale structural similarity, eq. 7 and the weights of §3.2.
    """
    reason = refusal("ms_ssim", originals.shape[2], originals.shape[3])
    if reason:
        raise ShapeError(reason)
    x, y = originals, reconstructions
    product = torch.ones(x.shape[:2], dtype=torch.float64, device=x.device)
    for scale, weight in enumerate(SCALE_WEIGHTS):
        if scale:
            x, y = F.avg_pool2d(x, 2), F.avg_pool2d(y, 2)
        contrast, whole = _similarities_of(x, y, ("ssim_std",))["ssim_std"]
        last = scale == len(SCALE_WEIGHTS) - 1
        product *= (whole if last else contrast).clamp_min(0) ** weight
    return product.mean(1)


def refusal(name: str, height: int, width: int) -> str | None:
    """Why images of this size have no such measure; None where they have.

    Args:
        name: ``ms_ssim`` or a key of `CONVENTIONS`.

    Raises:
        UsageError: If `name` is neither.
    """
    if name == "ms_ssim":
        needed, why = MS_SSIM_MIN_SIDE, "five scales of an 11×11 window"
    elif name in CONVENTIONS:
        needed = CONVENTIONS[name].window
        why = f"its {needed}×{needed} window"
    else:
        raise UsageError(
            f"there is no SSIM called {name!r}", f"choose from {', '.join(CONVENTIONS)}, ms_ssim"
        )
    if min(height, width) >= needed:
        return None
    return f"{name} needs a side of {needed} pixels for {why}; these images are {height}×{width}"


def _similarities_of(x: Tensor, y: Tensor, names: tuple[str, ...]) -> dict[str, Both]:
    """Contrast-structure similarity and its product with luminance, by convention.

    Large images on the processor go through compiled loops, all else through torch: which of the
    two is told by an image's size alone, so that a score never depends on what else is scored.

    Returns:
        Name to two means over windows, each (batch, channels) float64.
    """
    found: dict[str, Both] = {}
    compiled = x.device.type == "cpu" and x.shape[2] * x.shape[3] >= COMPILED_ABOVE and len(x)
    for window in dict.fromkeys((CONVENTIONS[n].window, CONVENTIONS[n].sigma) for n in names):
        own = [n for n in names if (CONVENTIONS[n].window, CONVENTIONS[n].sigma) == window]
        score = _compiled if compiled else _by_torch
        found |= dict(zip(own, score(x, y, [CONVENTIONS[n] for n in own]), strict=True))
    return {name: found[name] for name in names}


def _compiled(x: Tensor, y: Tensor, rules: list[Convention]) -> list[Both]:
    from latentscape.metrics.similarity_compiled import plane_similarities

    planes = [
        image.detach().float().reshape(-1, *image.shape[2:]).contiguous().numpy()
        for image in (x, y)
    ]
    found = plane_similarities(
        *planes,
        taps=_taps(rules[0]),
        rules=np.array([rule.constants for rule in rules], np.float32),
        n_threads=torch.get_num_threads(),
    )
    means = torch.from_numpy(found).view(*x.shape[:2], len(rules), 2)
    return [(means[:, :, i, 0], means[:, :, i, 1]) for i in range(len(rules))]


@cache
def _taps(rule: Convention) -> tuple[float, ...]:
    return tuple(rule.kernel.tolist())


def _by_torch(x: Tensor, y: Tensor, rules: list[Convention]) -> list[Both]:
    n_chunk = max(1, CHUNK_VALUES // x[0].numel()) if len(x) else 1
    parts: list[list[Both]] = []
    for some, others in zip(x.split(n_chunk), y.split(n_chunk), strict=True):
        moments = _window_moments(some, others, rules[0].kernel)
        parts.append([])
        for rule in rules:
            luminance, contrast = _similarities(moments, rule)
            product = luminance * contrast
            means = [m.mean((2, 3), dtype=torch.float64) for m in (contrast, product)]
            parts[-1].append((means[0], means[1]))
    return [
        (torch.cat([part[i][0] for part in parts]), torch.cat([part[i][1] for part in parts]))
        for i in range(len(rules))
    ]


def _window_moments(x: Tensor, y: Tensor, kernel: Tensor) -> Moments:
    """Window means, the sum of the two variances, and the covariance, inside the image.

    Squares of bright, flat pixels would drown a small variance in single precision, so both
    images are first moved by the original's mean: variances do not see the move.
    """
    x, y = x.float(), y.float()
    centre = x.mean((2, 3), keepdim=True)
    x, y = x - centre, y - centre
    stack = torch.stack([x, y, x * x + y * y, x * y])
    mean_x, mean_y, squares, product = _filtered(_filtered(stack, kernel).mT, kernel).mT
    variances = squares - mean_x**2 - mean_y**2
    return mean_x + centre, mean_y + centre, variances, product - mean_x * mean_y


def _similarities(moments: Moments, rule: Convention) -> tuple[Tensor, Tensor]:
    """Luminance and contrast-structure similarity of each window."""
    mean_x, mean_y, variances, covariance = moments
    c1, c2, scale = rule.constants
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    contrast = (2 * scale * covariance + c2) / (scale * variances + c2)
    return luminance, contrast


def _filtered(x: Tensor, kernel: Tensor) -> Tensor:
    """Weighted mean along the last axis, only where the kernel lies inside.

    Overlapping tiles of the axis times a banded matrix: one matrix product does what eleven
    shifted additions do, in fewer passes over memory.
    """
    width = x.shape[-1]
    n_out = width - len(kernel) + 1
    n_step = min(TILE, n_out)
    n_tiles = -(-n_out // n_step)
    n_tile = n_step + len(kernel) - 1
    missing = n_tiles * n_step + len(kernel) - 1 - width
    if missing:
        x = F.pad(x, (0, missing))
    tiles = x.unfold(-1, n_tile, n_step).reshape(-1, n_tile)
    out = tiles @ _band(tuple(kernel.tolist()), n_step, x.dtype)
    return out.view(*x.shape[:-1], n_tiles * n_step)[..., :n_out]


@cache
def _band(kernel: tuple[float, ...], n_step: int, dtype: torch.dtype) -> Tensor:
    """(n_step + len(kernel) − 1, n_step): column j holds the kernel from row j on."""
    band = torch.zeros(n_step + len(kernel) - 1, n_step, dtype=dtype)
    weights = torch.tensor(kernel, dtype=dtype)
    for column in range(n_step):
        band[column : column + len(kernel), column] = weights
    return band

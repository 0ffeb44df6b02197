"""Gram matrices of maps, and how far two of them are apart.

Frames of a trajectory are near each other, and so are their Gram matrices: subtracting one from
the other would leave little but rounding. With D = A − B and S = A + B the difference is
½ (D Sᵀ + S Dᵀ), exactly, and small because D is. Where a map has far fewer positions than
channels, its norm is had from products over positions, without a Gram matrix at all.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

BLOCK = 1 << 18  # numbers of a map that are taken at once


def gram(maps: Tensor) -> Tensor:
    """F Fᵀ of each image's maps, images never mixed.

    Args:
        maps: ``batch channels height width``.

    Returns:
        ``batch channels channels``, not normalised.

    Reference: Gatys et al. 2015, A neural algorithm of artistic style, eq. 3.
    """
    flat = maps.flatten(2)
    return flat @ flat.mT


def gram_gaps(line: Tensor) -> Tensor:
    """‖G_a − G_b‖² of neighbours in lines of maps, G divided by (channels · positions).

    Args:
        line: ``pairs frames positions channels``.

    Returns:
        ``pairs frames-1``, fp64; 0 for equal maps.
    """
    n_pairs, n_frames, positions, channels = line.shape
    scale = 1 / (positions * channels) ** 2
    if _few(positions, channels):
        return _by_positions(line.float()) * scale
    # One image at a time, its positions in blocks, so that D and S never leave the cache.
    block = max(1, BLOCK // channels)
    gaps = torch.zeros(n_pairs, n_frames - 1, dtype=torch.float64, device=line.device)
    for pair in range(n_pairs):
        for i in range(n_frames - 1):
            first, second = line[pair, i].split(block), line[pair, i + 1].split(block)
            gaps[pair, i] = _by_channels(first, second)
    return gaps * scale


def _by_channels(first: Sequence[Tensor], second: Sequence[Tensor]) -> Tensor:
    """‖½(DSᵀ + SDᵀ)‖² of one image, summed over blocks of positions."""
    half = None
    for a, b in zip(first, second, strict=True):
        part = ((a - b).mT @ (a + b)).float()
        half = part if half is None else half.add_(part)
    assert half is not None
    return (half + half.mT).square().sum() / 4


def _by_positions(line: Tensor) -> Tensor:
    """The same from products over positions: ½ (⟨DᵀD, SᵀS⟩ + ⟨SᵀD, (SᵀD)ᵀ⟩)."""
    less, more = line[:, :-1] - line[:, 1:], line[:, :-1] + line[:, 1:]
    within = (less @ less.mT).double() * (more @ more.mT)
    across = (more @ less.mT).double()
    return (within + across * across.mT).sum((2, 3)).clamp_min(0) / 2


def gram_norms(line: Tensor) -> Tensor:
    """‖G‖ of each frame of lines of maps, G divided by (channels · positions).

    Args:
        line: ``pairs frames positions channels``.

    Returns:
        ``pairs frames``, fp64.
    """
    positions, channels = line.shape[2:]
    product = line @ line.mT if positions < channels else line.mT @ line
    return product.double().flatten(2).norm(dim=2) / (positions * channels)


def _few(positions: int, channels: int) -> bool:
    """Whether three products over positions cost less than one over channels."""
    return 3 * positions < channels

"""Rows sent through a network a few at a time, so that memory does not grow with the batch."""

from collections.abc import Callable

import torch
from torch import Tensor

AT_ONCE, AT_ONCE_ELSEWHERE = (
    1 << 17,
    1 << 23,
)  # pixel values that go through together: caches differ


def in_parts(net: Callable[[Tensor], Tensor], rows: Tensor, *, values_a_row: float) -> Tensor:
    """What a network makes of rows, at least one and at most `AT_ONCE` pixel values at a time.

    Rows that are differentiated go through together, since their activations are kept anyway.

    Args:
        net: ``batch ...`` to ``batch ...``; rows must not depend on each other.
        rows: ``batch ...``.
        values_a_row: Pixel values that one row stands for.
    """
    if torch.is_grad_enabled() and rows.requires_grad:
        return net(rows)
    at_once = AT_ONCE if rows.device.type == "cpu" else AT_ONCE_ELSEWHERE
    parts = [net(part) for part in rows.split(max(1, int(at_once / values_a_row)))]
    return parts[0] if len(parts) == 1 else torch.cat(parts)

"""Rows sent through a network a few at a time, so that memory does not grow with the batch."""

from collections.abc import Callable

import torch
from torch import Tensor

# Pixel values that go through together: what the caches of a processor hold, and of other devices.
AT_ONCE, AT_ONCE_ELSEWHERE = 1 << 17, 1 << 23


def in_parts(net: Callable[[Tensor], Tensor], rows: Tensor, *, values_a_row: float) -> Tensor:
    """What a network makes of rows, at least one and at most `AT_ONCE` pixel values at a time.

    Where gradients are on, all go through together: activations are kept anyway, and a network
    that normalises by its batch must see the whole of it.

    Args:
        net: ``batch ...`` to ``batch ...``; rows must not depend on each other.
        rows: ``batch ...``.
        values_a_row: Pixel values that one row stands for.
    """
    if torch.is_grad_enabled():
        return net(rows)
    at_once = AT_ONCE if rows.device.type == "cpu" else AT_ONCE_ELSEWHERE
    parts = [net(part) for part in rows.split(max(1, int(at_once / values_a_row)))]
    return parts[0] if len(parts) == 1 else torch.cat(parts)

"""Stride-2 transposed convolution, in the form that is quicker on the processor at hand."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class TransposedConv2d(nn.ConvTranspose2d):
    """`nn.ConvTranspose2d` with kernel 3 that doubles height and width, same parameters.

    In bf16 on a CPU the library's transposed convolution is the whole network's bottleneck; there
    the same function is computed as one 2×2 convolution over the small grid whose outputs, one for
    each of the four phases of the large grid, are shuffled into place. Elsewhere, fp32 CPUs
    included, the library's own kernel is as quick or quicker and is used (docs/decisions/0009).
    """

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__(
            in_channels, out_channels, kernel_size=3, stride=2, padding=1, output_padding=1
        )

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        """``batch in height width`` to ``batch out 2·height 2·width``."""
        low_precision = input.dtype == torch.bfloat16 or torch.is_autocast_enabled("cpu")
        if output_size is None and input.device.type == "cpu" and low_precision:
            return transposed_by_phases(input, self.weight, self.bias)
        return super().forward(input, output_size)


def transposed_by_phases(input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """The transposed convolution (kernel 3, stride 2, padding 1, output padding 1) by phases.

    Output pixel (2i + p, 2j + q) sees input pixels i, i + p and j, j + q only: along one axis the
    even phase has the kernel's middle tap, the odd phase its last tap on i and its first on i + 1.

    Args:
        input: ``batch in height width``.
        weight: ``in out 3 3``, as `nn.ConvTranspose2d` keeps it.
        bias: ``out`` or None.
    """
    kernel = phase_kernel(weight)
    phases = F.conv2d(F.pad(input, (0, 1, 0, 1)), kernel, _four(bias))
    return F.pixel_shuffle(phases, 2)


def phase_kernel(weight: Tensor) -> Tensor:
    """``in out 3 3`` to ``4·out in 2 2``; the seven taps that no phase has are zero."""
    n_in, n_out = weight.shape[:2]
    taps = weight.new_zeros(2, 2, 3)  # phase, neighbour, tap of the original kernel
    taps[0, 0, 1] = taps[1, 0, 2] = taps[1, 1, 0] = 1
    kernel = torch.einsum("iohw,pyh,qxw->opqiyx", weight, taps, taps)
    return kernel.reshape(4 * n_out, n_in, 2, 2)


def _four(bias: Tensor | None) -> Tensor | None:
    return None if bias is None else bias.repeat_interleave(4)

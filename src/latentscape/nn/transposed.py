"""Transposed convolution, in the form that is quicker on the processor at hand."""

from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class TransposedConv2d(nn.ConvTranspose2d):
    """`nn.ConvTranspose2d` with padding ``kernel_size // 2``, same function and parameters.

    On a CPU the library takes longer over the bias's gradient than over the two others together, so
    there the bias is added outside. In bf16 on a processor with matrix tiles, one that doubles
    height and width (kernel 3) is computed as one 2×2 convolution over the small grid whose
    outputs, one for each of the four phases of the large grid, are shuffled into place
    (docs/decisions/0009).
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        kernel_size: int = 3,
        stride: int = 2,
        output_padding: int | tuple[int, int] = 1,
    ):
        super().__init__(
            in_channels, out_channels, kernel_size, stride, kernel_size // 2, output_padding
        )
        self.doubles = (kernel_size, stride, self.output_padding) == (3, 2, (1, 1))

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        """``batch in height width`` to ``batch out height·stride width·stride``, or near it."""
        if output_size is not None or input.device.type != "cpu" or self.bias is None:
            return super().forward(input, output_size)
        low_precision = input.dtype == torch.bfloat16 or torch.is_autocast_enabled("cpu")
        if low_precision and self.doubles and has_matrix_tiles():
            return transposed_by_phases(input, self.weight, self.bias)
        middle = self.kernel_size[0] // 2
        out = F.conv_transpose2d(input, self.weight, None, self.stride, middle, self.output_padding)
        return out + self.bias.to(out.dtype).view(1, -1, 1, 1)


@cache
def has_matrix_tiles() -> bool:
    """Whether the processor multiplies matrices in hardware (AMX)."""
    return torch.cpu._is_amx_tile_supported()


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

"""Which number formats a processor has."""

import torch


def has_native_bf16(device: str) -> bool:
    """Whether the processor multiplies bf16 in hardware; elsewhere bf16 is slower than fp32."""
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device == "cpu":
        return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())
    return False

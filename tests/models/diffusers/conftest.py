"""Every class of diffusers that is opened, built tiny from its config and saved to a folder."""

from pathlib import Path

import pytest
import torch

BLOCKS = {
    "block_out_channels": (8, 8), "norm_num_groups": 4, "layers_per_block": 1, "sample_size": 16,
    "down_block_types": ("DownEncoderBlock2D",) * 2, "up_block_types": ("UpDecoderBlock2D",) * 2,
}  # fmt: skip
CAUSAL = {
    "base_dim": 4, "z_dim": 4, "dim_mult": [1, 1], "num_res_blocks": 1,
    "temperal_downsample": [False], "latents_mean": [0.1, 0.2, 0.3, 0.4],
    "latents_std": [2.0, 2.5, 4.0, 5.0],
}  # fmt: skip
VIDEO = {
    "latent_channels": 4, "block_out_channels": (8, 8, 8, 8), "layers_per_block": 1,
    "norm_num_groups": 4,
}  # fmt: skip
TINY = {
    "AutoencoderKL": BLOCKS | {"latent_channels": 4, "shift_factor": 0.1},
    "AsymmetricAutoencoderKL": {
        "down_block_types": BLOCKS["down_block_types"], "down_block_out_channels": (8, 8),
        "up_block_types": BLOCKS["up_block_types"], "up_block_out_channels": (8, 8),
        "norm_num_groups": 4,
    },
    "AutoencoderKLFlux2": BLOCKS | {"latent_channels": 4},
    "AutoencoderKLHunyuanImage": {
        "in_channels": 3, "out_channels": 3, "latent_channels": 4, "block_out_channels": (32, 32),
        "layers_per_block": 1, "spatial_compression_ratio": 2, "sample_size": 16,
        "scaling_factor": 0.5,
    },
    "AutoencoderKLKVAE": {
        "channels": 32, "num_enc_blocks": 1, "num_dec_blocks": 1, "z_channels": 4,
        "ch_mult": (1, 1),
    },
    "AutoencoderKLTemporalDecoder": {
        "block_out_channels": (32, 32), "down_block_types": BLOCKS["down_block_types"],
    },
    "AutoencoderTiny": {
        "encoder_block_out_channels": (8, 8), "decoder_block_out_channels": (8, 8),
        "num_encoder_blocks": (1, 1), "num_decoder_blocks": (1, 1),
    },
    "AutoencoderDC": {
        "latent_channels": 4, "attention_head_dim": 4,
        "encoder_block_types": ("ResBlock", "EfficientViTBlock"),
        "decoder_block_types": ("ResBlock", "EfficientViTBlock"),
        "encoder_block_out_channels": (8, 8), "decoder_block_out_channels": (8, 8),
        "encoder_layers_per_block": (1, 1), "decoder_layers_per_block": (1, 1),
        "encoder_qkv_multiscales": ((), (5,)), "decoder_qkv_multiscales": ((), (5,)),
        "downsample_block_type": "Conv", "upsample_block_type": "interpolate",
    },
    "VQModel": BLOCKS | {"latent_channels": 3, "num_vq_embeddings": 16},
    "AutoencoderKLWan": CAUSAL,
    "AutoencoderKLQwenImage": CAUSAL,
    "AutoencoderKLHunyuanVideo": VIDEO,
    "AutoencoderKLCogVideoX": VIDEO | {
        "down_block_types": ("CogVideoXDownBlock3D",) * 4,
        "up_block_types": ("CogVideoXUpBlock3D",) * 4,
    },
    "AutoencoderKLLTXVideo": {
        "latent_channels": 8, "block_out_channels": (8,) * 4,
        "decoder_block_out_channels": (8,) * 4,
        "layers_per_block": (1,) * 5, "decoder_layers_per_block": (1,) * 5,
    },
    "AutoencoderKLMagvit": VIDEO,
    "AutoencoderKLCosmos": {
        "latent_channels": 4, "encoder_block_out_channels": (8,) * 4,
        "decode_block_out_channels": (8,) * 4, "attention_resolutions": (8,), "resolution": 64,
        "num_layers": 1,
    },
}  # fmt: skip


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """The folder that `save_pretrained` wrote of a class, and the model itself; made once."""
    import diffusers

    made = {}

    def of(kind: str):
        if kind not in made:
            torch.manual_seed(len(kind))
            model = getattr(diffusers, kind)(**TINY[kind]).eval()
            folder: Path = tmp_path_factory.mktemp("diffusers") / kind
            model.save_pretrained(folder)
            made[kind] = folder, model
        return made[kind]

    return of

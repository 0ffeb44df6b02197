"""Pretrained autoencoders against eager fp32, side by side in one run: speed and what it costs.

Rounds are interleaved: each way encodes and decodes in turn, and ratios are taken within the round.
An AutoencoderKL of Stable Diffusion's size has random weights, so only its relative error is told;
TAEF2 is trained, so the PSNR of real frames is told too. How to read it: README.md beside this
file.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from latentscape.data import DataConfig, load_images
from latentscape.models import Autoencoder, open_model
from latentscape.models.diffusers.adapter import build
from latentscape.models.diffusers.families import FAMILIES
from latentscape.nn.precision import has_native_bf16
from latentscape.shapes import ImageShape

SD = {  # the autoencoder of Stable Diffusion 1 and 2: 84 million weights
    "block_out_channels": (128, 256, 512, 512), "layers_per_block": 2, "latent_channels": 4,
    "norm_num_groups": 32, "sample_size": 512,
    "down_block_types": ("DownEncoderBlock2D",) * 4, "up_block_types": ("UpDecoderBlock2D",) * 4,
}  # fmt: skip
GOAL = 5.0


@dataclass(frozen=True)
class Ways:
    """One model: the eager fp32 call, and ours, for the same images.

    Attributes:
        name: Of the model.
        images: ``batch channels height width`` in [0, 1].
        encode, decode: The eager ones; images and latents in, what ours gives out.
        ours: Opened in fp32.
    """

    name: str
    images: Tensor
    encode: Callable[[Tensor], Tensor]
    decode: Callable[[Tensor], Tensor]
    ours: Autoencoder


def main() -> None:
    """Measure both models and print one table."""
    words = read_words()
    torch.set_num_threads(words.threads)
    shape = ImageShape(3, words.side, words.side)
    opened = {"sd": lambda: sd_sized(shape, words.batch)}
    if words.data is not None:
        opened["taef2"] = lambda: taef2(words.data, shape, words.batch)
    rows = []
    for name in words.models:
        if name in opened:
            rows += measure(opened[name](), words.rounds)
    print_table(rows, words)
    words.out.parent.mkdir(parents=True, exist_ok=True)
    words.out.write_text(json.dumps(rows, indent=1) + "\n")


def read_words() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--models", nargs="+", default=["sd", "taef2"], choices=["sd", "taef2"])
    parser.add_argument("--data", type=Path, help="the folder LATENTSCAPE_DATA, for taef2")
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent / "results" / "pretrained.json"
    )
    return parser.parse_args()


def sd_sized(shape: ImageShape, batch: int) -> Ways:
    """An AutoencoderKL with random weights; eager is `encode(...).latent_dist.mean` of its own."""
    from diffusers import AutoencoderKL

    torch.manual_seed(0)
    model = AutoencoderKL(**SD).eval()
    twin = AutoencoderKL(**SD).eval()
    twin.load_state_dict(model.state_dict())
    images = torch.rand(batch, *shape)
    return Ways(
        "AutoencoderKL, 84 M",
        images,
        encode=lambda x: model.encode(x * 2 - 1).latent_dist.mean,
        decode=lambda z: (model.decode(z).sample / 2 + 0.5).clamp(0, 1),
        ours=build(twin, FAMILIES["AutoencoderKL"]).for_images(shape),
    )


def taef2(data: Path, shape: ImageShape, batch: int) -> Ways:
    """TAEF2 as a torch module called eagerly, and opened from its ONNX pair."""
    weights = data / "weights"
    place = Path(__file__).parents[1] / "examples" / "adapters" / "taef2.py"
    eager: nn.Module = open_model(f"python:{place}:taef2", "fp32").autoencoder.encoder.thing
    pair = f"onnx:{weights / 'taef2_encoder.onnx'},{weights / 'taef2_decoder.onnx'}"
    config = DataConfig(f"triplets:{data / 'animation' / 'triplets'}", size=shape.height)
    frames = load_images(config)
    chosen = np.linspace(0, len(frames) - 1, max(batch, 8)).astype(int)
    return Ways(
        "TAEF2, 2.6 M",
        torch.from_numpy(frames.pixels(chosen)),
        encode=eager.encode,
        decode=lambda z: eager.decode(z).clamp(0, 1),
        ours=open_model(pair, "fp32").autoencoder.for_images(shape),
    )


@torch.inference_mode()
def measure(ways: Ways, rounds: int) -> list[dict]:
    """Both halves, eager and in each of our number formats."""
    forms = ("fp32", "bf16") if has_native_bf16("cpu") else ("fp32",)
    ours = {form: ways.ours.in_precision(form) for form in forms}
    latents = ways.encode(ways.images)
    sides = {
        "encode": ({"eager": ways.encode} | {f: lambda x, m=m: m.encode(x).mean
                                             for f, m in ours.items()}, ways.images),
        "decode": ({"eager": ways.decode} | {f: m.decode for f, m in ours.items()}, latents),
    }  # fmt: skip
    rows = []
    for side, (calls, rows_in) in sides.items():
        made = {name: call(rows_in) for name, call in calls.items()}  # and the first, cold call
        times: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(rounds):
            for name, call in calls.items():
                start = time.perf_counter()
                call(rows_in)
                times[name].append(time.perf_counter() - start)
        for form in ours:
            ratios = [a / b for a, b in zip(times["eager"], times[form], strict=True)]
            error = (made[form] - made["eager"]).norm() / made["eager"].norm()
            rows.append({
                "model": ways.name, "side": side, "form": form, "n": len(rows_in),
                "eager": statistics.median(times["eager"]) / len(rows_in),
                "ours": statistics.median(times[form]) / len(rows_in),
                "ratio": statistics.median(ratios), "relative_error": float(error),
            })  # fmt: skip
    if "TAEF2" in ways.name:
        add_psnr(rows, ways, ours)
    return rows


def add_psnr(rows: list[dict], ways: Ways, ours: dict[str, Autoencoder]) -> None:
    """Mean PSNR of decode(encode(frames)) of each way, dB."""
    exact = psnr(ways.decode(ways.encode(ways.images)), ways.images)
    for row in rows:
        model = ours[row["form"]]
        back = model.decode(model.encode(ways.images).mean)
        row["psnr_eager"], row["psnr"] = exact, psnr(back, ways.images)


def psnr(back: Tensor, images: Tensor) -> float:
    """Mean over images."""
    errors = (back - images).square().flatten(1).mean(1)
    return float((-10 * errors.log10()).mean())


def print_table(rows: list[dict], words: argparse.Namespace) -> None:
    """One line a model, half and number format."""
    print(f"{words.side}×{words.side} RGB, {words.threads} threads, {words.rounds} rounds\n")
    print("| model | | ours in | images | eager fp32, s an image | ours | × | relative error | "
          "PSNR, eager → ours, dB |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|")
    for row in rows:
        told = f"{row['psnr_eager']:.3f} → {row['psnr']:.3f}" if "psnr" in row else "–"
        print(
            f"| {row['model']} | {row['side']} | {row['form']} | {row['n']} | {row['eager']:.3f} "
            f"| {row['ours']:.3f} | {row['ratio']:.2f} | {row['relative_error']:.1e} | {told} |"
        )
    print(f"\ngoal in bf16: {GOAL:g} times")


if __name__ == "__main__":
    main()

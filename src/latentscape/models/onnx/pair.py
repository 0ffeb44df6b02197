"""`onnx:ENCODER,DECODER`: two ONNX files that were exported apart, as one model.

The encoder takes images in [0, 1], ``batch channels height width``, and gives latents; or means and
log variances, as two outputs or side by side on axis 1. The decoder takes latents and gives images.
Sizes that a file leaves open are taken from the images the model is asked about.
"""

import hashlib
import math
import warnings

import torch
from torch import Tensor

from latentscape.errors import ModelError
from latentscape.models.autoencoder import Autoencoder
from latentscape.models.likelihood import GaussianOfImages
from latentscape.models.onnx.file import Graph, read_graph
from latentscape.models.onnx.half import Half
from latentscape.models.onnx.names import name_of, paths_of
from latentscape.models.onnx.ports import EXPORTED, outputs_of, require_ports, sizes_tried
from latentscape.models.opened import OpenModel
from latentscape.models.posterior import PosteriorKind
from latentscape.shapes import ImageShape

LOWEST, HIGHEST = -0.2, 1.2  # decoders of images in [0, 1] go beyond, and not as far as that


def open_pair(words: str) -> OpenModel:
    """Open an encoder and a decoder.

    Args:
        words: Two paths with a comma between.

    Raises:
        UsageError: If there are not two paths, or a file is missing.
        ModelError: If a file is no ONNX file, uses what is not supported, or the two do not fit one
            another.
    """
    paths = paths_of(words)
    encoder, decoder = (read_graph(path) for path in paths)
    require_ports(encoder, decoder)
    autoencoder = _autoencoder(encoder, decoder)
    sha256 = hashlib.sha256((encoder.sha256 + decoder.sha256).encode()).hexdigest()
    return OpenModel(name_of(*paths), autoencoder, recipe="onnx", seed=0, sha256=sha256)


def _autoencoder(encoder: Graph, decoder: Graph) -> Autoencoder:
    """Both halves, with the shapes found by sending images there and back."""
    shapes, is_open = sizes_tried(encoder.inputs[0], decoder.outputs[0])
    first = None
    for shape in shapes:
        try:
            return _sent(encoder, decoder, shape, is_open=is_open)
        except ModelError as error:
            first = first or error
        except (RuntimeError, ValueError, MemoryError) as error:  # of sizes that no memory holds
            first = first or ModelError(
                f"{encoder.file} and {decoder.file} fail on images of {shape}: {error}", EXPORTED
            )
    assert first is not None
    raise first


@torch.inference_mode()
def _sent(encoder: Graph, decoder: Graph, tried: ImageShape, *, is_open: bool) -> Autoencoder:
    chosen, told = outputs_of(encoder)
    there = Half(encoder, chosen, 1.0).eval()
    encoded = there.settled(_probe(tried))
    made, failed = tuple(encoded.shape[1:]), None
    for latent in _latent_shapes(encoder, decoder, made, told):
        half = Half(decoder, (0,), tried.size / math.prod(latent)).eval()
        try:
            images = half.settled(encoded[:, : latent[0]])
            _require_back(encoder, decoder, tried, images)
        except ModelError as error:
            failed = failed or error
            continue
        _warn_of_oddities(encoder, decoder, math.prod(latent), images)
        return Autoencoder(
            there,
            half,
            image_shape=tried,
            latent_shape=latent,
            posterior="point" if latent == made else "gaussian",
            likelihood=GaussianOfImages(),
            size_step=_step(tried, latent) if is_open else None,
        ).eval()
    assert failed is not None
    raise failed


def _probe(shape: ImageShape) -> Tensor:
    """Two images: noise, and a field that is black and white by halves."""
    images = torch.rand(2, *shape, generator=torch.Generator().manual_seed(0))
    images[1] = 0
    images[1, :, :, shape.width // 2 :] = 1
    return images


def _require_back(encoder: Graph, decoder: Graph, tried: ImageShape, images: Tensor) -> None:
    shape = tuple(images.shape[1:])
    if shape != tuple(tried):
        shown = "×".join(map(str, shape))
        raise ModelError(
            f"{decoder.file} does not give back what {encoder.file} takes: images of channels × "
            f"height × width {'×'.join(map(str, tried))} come back as {shown}",
            EXPORTED,
        )


def _warn_of_oddities(encoder: Graph, decoder: Graph, n_latent: int, images: Tensor) -> None:
    """What opens, and may not be what was meant."""
    if n_latent > images[0].numel():
        warnings.warn(
            f"latents of {encoder.file} have {n_latent:,} values, its images "
            f"{images[0].numel():,}: is the encoder named first?",
            stacklevel=6,
        )
    low, high = float(images.min()), float(images.max())
    if low < LOWEST or high > HIGHEST:
        warnings.warn(
            f"{decoder.file} makes pixels from {low:.2g} to {high:.2g}; [0, 1] is assumed, and "
            "what lies outside is cut off",
            stacklevel=6,
        )


def _latent_shapes(
    encoder: Graph, decoder: Graph, made: tuple[int, ...], told: PosteriorKind | None
) -> list[tuple[int, ...]]:
    """Shapes one latent may have, from what the encoder makes and the decoder takes."""
    sizes = decoder.inputs[0].sizes
    taken = None if sizes is None else sizes[1:]
    half = () if not made or made[0] % 2 else (made[0] // 2, *made[1:])
    ways = {None: (made, half), "gaussian": (half,), "point": (made,)}[told]
    fits = [way for way in ways if way and 0 not in way and (taken is None or _fits(way, taken))]
    if not fits or len(made) not in (1, 3):
        takes = "?" if taken is None else "×".join("?" if n is None else str(n) for n in taken)
        raise ModelError(
            f"{encoder.file} gives latents of {'×'.join(map(str, made))}, {decoder.file} takes "
            f"{takes}",
            "name the two files of one model, the encoder first; latents are vectors or grids of "
            "channels × height × width",
        )
    return fits


def _fits(shape: tuple[int, ...], taken: tuple[int | None, ...]) -> bool:
    return len(shape) == len(taken) and all(
        want in (None, have) for have, want in zip(shape, taken, strict=True)
    )


def _step(images: ImageShape, latent: tuple[int, ...]) -> int | None:
    """What images' sides must be multiples of; None where latents do not grow with the image."""
    if len(latent) != 3 or latent[1:] == (1, 1):
        return None
    height, width = (side // cells for side, cells in zip(images[1:], latent[1:], strict=True))
    return math.lcm(max(1, height), max(1, width))

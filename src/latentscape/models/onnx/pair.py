"""`onnx:ENCODER,DECODER`: two ONNX files that were exported apart, as one model.

The encoder takes images in [0, 1], ``batch channels height width``, and gives latents; or means and
log variances, as two outputs or side by side on axis 1. The decoder takes latents and gives images.
Sizes that a file leaves open are taken from the images the model is asked about.
"""

import hashlib
import math
import re
from contextlib import suppress
from pathlib import Path

import torch
from torch import Tensor, nn

from latentscape.errors import ModelError, UsageError
from latentscape.models.autoencoder import Autoencoder
from latentscape.models.likelihood import GaussianOfImages
from latentscape.models.onnx.file import Graph, Port, read_graph
from latentscape.models.onnx.graph import OnnxGraph
from latentscape.models.opened import OpenModel
from latentscape.models.posterior import PosteriorKind
from latentscape.shapes import ImageShape

FORM = "write it as onnx:ENCODER.onnx,DECODER.onnx"
EXPORTED = "export encoder and decoder of one model, images as batch channels height width"
TRIED = (64, 32, 28, 128, 256, 512)  # sides of the image that is sent through, if none is stated
AT_ONCE, AT_ONCE_ELSEWHERE = 1 << 17, 1 << 23  # pixel values that go through a graph together
MEAN = re.compile(r"mean|mu$|^mu|mu_|_mu", re.IGNORECASE)
LOG_VAR = re.compile(r"log_?var|lv$", re.IGNORECASE)
OTHER_SPREAD = re.compile(r"sigma|std|scale|^var|_var$", re.IGNORECASE)


def open_pair(words: str) -> OpenModel:
    """Open an encoder and a decoder.

    Args:
        words: Two paths with a comma between.

    Raises:
        UsageError: If there are not two paths, or a file is missing.
        ModelError: If a file is no ONNX file, uses what is not supported, or the two do not fit one
            another.
    """
    paths = _paths(words)
    encoder, decoder = (read_graph(path) for path in paths)
    _require_ports(encoder, decoder)
    autoencoder = _autoencoder(encoder, decoder)
    sha256 = hashlib.sha256((encoder.sha256 + decoder.sha256).encode()).hexdigest()
    return OpenModel(_name(*paths), autoencoder, recipe="onnx", seed=0, sha256=sha256)


class Half(nn.Module):
    """One graph of the pair: a few rows at a time, some of its outputs side by side on axis 1.

    Args:
        graph: What the file says.
        chosen: Which of its outputs.
        values_a_row: Pixel values for each value of the graph's input; by them rows are counted.
    """

    def __init__(self, graph: Graph, chosen: tuple[int, ...], values_a_row: float):
        super().__init__()
        self.graph = OnnxGraph(graph)
        self.chosen = chosen
        self.values_a_row = values_a_row
        sizes = graph.inputs[0].sizes
        self.fixed_rows = sizes[0] if sizes else None

    def forward(self, rows: Tensor) -> Tensor:
        """``batch ...`` to ``batch ...``."""
        if self.fixed_rows is not None:
            parts = [self._fixed(part) for part in rows.split(self.fixed_rows)]
        elif torch.is_grad_enabled() and rows.requires_grad:
            return self._of(rows)
        else:
            at_once = AT_ONCE if rows.device.type == "cpu" else AT_ONCE_ELSEWHERE  # caches differ
            n_rows = max(1, int(at_once / (rows[:1].numel() * self.values_a_row)))
            parts = [self._of(part) for part in rows.split(n_rows)]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _fixed(self, rows: Tensor) -> Tensor:
        """Through a graph that was exported for one number of rows, filled up to it."""
        missing = (self.fixed_rows or 0) - len(rows)
        if not missing:
            return self._of(rows)
        return self._of(torch.cat([rows, rows[-1:].expand(missing, *rows.shape[1:])]))[: len(rows)]

    def _of(self, rows: Tensor) -> Tensor:
        if rows.dim() == 4 and rows.device.type == "cpu":  # a sixth faster there
            rows = rows.contiguous(memory_format=torch.channels_last)
        every = self.graph(rows)
        made = [every[i] for i in self.chosen]
        return (torch.cat(made, 1) if made[1:] else made[0]).contiguous()


def _paths(words: str) -> tuple[Path, Path]:
    """Two paths; a comma may be part of either, where only so both files are there."""
    parts = words.split(",")
    if len(parts) < 2 or not all(part.strip() for part in parts):
        raise UsageError(f"onnx:{words} does not name two files", FORM)
    ways = [
        tuple(Path(",".join(side)).expanduser() for side in (parts[:i], parts[i:]))
        for i in range(1, len(parts))
    ]
    encoder, decoder = next((w for w in ways if all(p.is_file() for p in w)), ways[0])
    return encoder, decoder


def _name(encoder: Path, decoder: Path) -> str:
    """The words with which both names begin, or both names."""
    mine, theirs = (re.split(r"([_\-. ]+)", path.stem) for path in (encoder, decoder))
    n = next((i for i, pair in enumerate(zip(mine, theirs, strict=False)) if len({*pair}) > 1), 0)
    return "".join(mine[:n]).rstrip("_-. ") or f"{encoder.stem}+{decoder.stem}"


def _require_ports(encoder: Graph, decoder: Graph) -> None:
    for graph, what in ((encoder, "images"), (decoder, "latents")):
        if len(graph.inputs) != 1:
            names = ", ".join(port.name for port in graph.inputs) or "none"
            raise ModelError(
                f"{graph.file} has {len(graph.inputs)} inputs ({names}); one of {what} is needed",
                EXPORTED,
            )
    if len(decoder.outputs) != 1:
        names = ", ".join(port.name for port in decoder.outputs)
        raise ModelError(
            f"{decoder.file} has {len(decoder.outputs)} outputs ({names}); one of images is needed",
            "is the decoder named second?",
        )
    sizes = encoder.inputs[0].sizes
    if sizes is not None and (len(sizes) != 4 or sizes[1] not in (1, 3, None)):
        shown = "×".join("?" if size is None else str(size) for size in sizes)
        raise ModelError(
            f"{encoder.file} takes {shown}, not images of batch × 1 or 3 channels × height × width",
            "is the encoder named first, and exported with channels before height and width?",
        )


def _autoencoder(encoder: Graph, decoder: Graph) -> Autoencoder:
    """Both halves, with the shapes found by sending an image there and back."""
    first, *others = _sizes_tried(encoder.inputs[0], decoder.outputs[0])
    try:
        return _sent(encoder, decoder, first, is_open=bool(others))
    except ModelError:
        for shape in others:
            with suppress(ModelError):
                return _sent(encoder, decoder, shape, is_open=True)
        raise


def _sent(encoder: Graph, decoder: Graph, tried: ImageShape, *, is_open: bool) -> Autoencoder:
    chosen, told = _outputs(encoder)
    there = Half(encoder, chosen, 1.0).eval()
    image = torch.rand(1, *tried, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        encoded = there(image)
    latent = _latent_shape(encoder, decoder, tuple(encoded.shape[1:]), told)
    posterior: PosteriorKind = "point" if latent == tuple(encoded.shape[1:]) else "gaussian"
    half = Half(decoder, (0,), tried.size / math.prod(latent)).eval()
    with torch.inference_mode():
        back = half(encoded[:, : latent[0]])
    shape = tuple(back.shape[1:])
    if shape != tuple(tried):
        shown = "×".join(map(str, shape))
        raise ModelError(
            f"{decoder.file} does not give back what {encoder.file} takes: images of channels × "
            f"height × width {'×'.join(map(str, tried))} come back as {shown}",
            EXPORTED,
        )
    return Autoencoder(
        there,
        half,
        image_shape=tried,
        latent_shape=latent,
        posterior=posterior,
        likelihood=GaussianOfImages(),
        size_step=_step(tried, latent) if is_open else None,
    ).eval()


def _outputs(encoder: Graph) -> tuple[tuple[int, ...], PosteriorKind | None]:
    """Which outputs are read, mean before log variance; and the posterior, where that says it."""
    names = [port.name for port in encoder.outputs]
    if len(names) == 1:
        return (0,), None
    spreads = [i for i, name in enumerate(names) if LOG_VAR.search(name)]
    means = [i for i, name in enumerate(names) if MEAN.search(name) and i not in spreads]
    if len(names) == 2 and len(spreads) == 1:
        means = [1 - spreads[0]]
    elif len(names) == 2 and not any(OTHER_SPREAD.search(name) for name in names):
        means, spreads = means or [0], [1 - (means or [0])[0]]
    if len(means) == 1 and len(spreads) == 1:
        return (means[0], spreads[0]), "gaussian"
    raise ModelError(
        f"{encoder.file} has the outputs {', '.join(names)}: which are means and log variances?",
        "name them mean and log_var when exporting, or export the mean alone",
    )


def _sizes_tried(images: Port, decoded: Port) -> list[ImageShape]:
    """The size of images that the files state; or several to try, where they leave it open."""
    sizes = images.sizes or (None,) * 4
    others = decoded.sizes if decoded.sizes and len(decoded.sizes) == 4 else (None,) * 4
    channels = sizes[1] or others[1] or 3
    height, width = sizes[2] or others[2], sizes[3] or others[3]
    if height is None and width is None:
        return [ImageShape(channels, side, side) for side in TRIED]
    return [ImageShape(channels, height or width or 0, width or height or 0)]


def _latent_shape(
    encoder: Graph, decoder: Graph, made: tuple[int, ...], told: PosteriorKind | None
) -> tuple[int, ...]:
    """Of one latent, from what the encoder makes and the decoder takes."""
    sizes = decoder.inputs[0].sizes
    taken = None if sizes is None else sizes[1:]
    half = () if not made else (made[0] // 2, *made[1:])
    ways = {None: (made, half), "gaussian": (half,), "point": (made,)}[told]
    fits = [way for way in ways if taken is None or _fits(way, taken)]
    if not fits or len(made) not in (1, 3):
        takes = "?" if taken is None else "×".join("?" if n is None else str(n) for n in taken)
        raise ModelError(
            f"{encoder.file} gives latents of {'×'.join(map(str, made))}, {decoder.file} takes "
            f"{takes}",
            "name the two files of one model, the encoder first; latents are vectors or grids of "
            "channels × height × width",
        )
    return fits[0]


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

"""What goes into two graphs and comes out: images in [0, 1], and one posterior of latents."""

import re

from latentscape.errors import ModelError
from latentscape.models.onnx.file import FLOATS, Graph, Port, kind_name
from latentscape.models.posterior import PosteriorKind
from latentscape.shapes import ImageShape

EXPORTED = "export encoder and decoder of one model, images as batch channels height width"
TRIED = (64, 32, 28, 128, 256, 512)  # sides of the images that are sent through, if none is stated
MEAN = re.compile(r"mean|mu$|^mu|mu_|_mu", re.IGNORECASE)
LOG_VAR = re.compile(r"log_?var|lv$", re.IGNORECASE)
SAYS_NOTHING = re.compile(r"(output|out|result|value)?[_\-.:/ ]*\d*$", re.IGNORECASE)


def require_ports(encoder: Graph, decoder: Graph) -> None:
    """Check that images go into the encoder and come out of the decoder, as floating-point numbers.

    Raises:
        ModelError: If they do not.
    """
    for graph, what in ((encoder, "images"), (decoder, "latents")):
        if len(graph.inputs) != 1:
            names = ", ".join(port.name for port in graph.inputs) or "none"
            raise ModelError(
                f"{graph.file} has {len(graph.inputs)} inputs ({names}); one of {what} is needed",
                EXPORTED,
            )
        _require_floats(graph, graph.inputs[0], f"takes {what}")
    if len(decoder.outputs) != 1:
        names = ", ".join(port.name for port in decoder.outputs)
        raise ModelError(
            f"{decoder.file} has {len(decoder.outputs)} outputs ({names}); one of images is needed",
            "is the decoder named second?",
        )
    _require_floats(decoder, decoder.outputs[0], "makes images")
    sizes = encoder.inputs[0].sizes
    if sizes is not None and (len(sizes) != 4 or sizes[1] not in (1, 3, None)):
        shown = "×".join("?" if size is None else str(size) for size in sizes)
        raise ModelError(
            f"{encoder.file} takes {shown}, not images of batch × 1 or 3 channels × height × width",
            "is the encoder named first, and exported with channels before height and width?",
        )


def outputs_of(encoder: Graph) -> tuple[tuple[int, ...], PosteriorKind | None]:
    """Which outputs are read, mean before log variance; and the posterior, where that says it.

    Raises:
        ModelError: If their names leave it open, or one that is read is not floating-point.
    """
    names = [port.name for port in encoder.outputs]
    chosen = _chosen(names)
    if not chosen:
        told = ", ".join(names)
        raise ModelError(
            f"{encoder.file} has the outputs {told}: which are means and log variances?",
            "name them mean and log_var when exporting, or export the mean alone",
        )
    for place in chosen:
        _require_floats(encoder, encoder.outputs[place], "makes latents")
    return chosen, "gaussian" if len(chosen) == 2 else None


def _chosen(names: list[str]) -> tuple[int, ...]:
    """Places of the mean and of the log variance; of the one output; or none."""
    if len(names) == 1:
        return (0,)
    spreads = [i for i, name in enumerate(names) if LOG_VAR.search(name)]
    means = [i for i, name in enumerate(names) if MEAN.search(name) and i not in spreads]
    if len(names) == 2 and len(spreads) == 1:
        means = [1 - spreads[0]]
    elif len(names) == 2 and all(SAYS_NOTHING.match(name) for name in names):
        return (0, 1)
    return (means[0], spreads[0]) if len(means) == len(spreads) == 1 else ()


def sizes_tried(images: Port, decoded: Port) -> tuple[list[ImageShape], bool]:
    """Shapes of images to send through until one fits, and whether the files leave sides open."""
    sizes = images.sizes or (None,) * 4
    others = decoded.sizes if decoded.sizes and len(decoded.sizes) == 4 else (None,) * 4
    channels = sizes[1] or others[1]
    height, width = sizes[2] or others[2], sizes[3] or others[3]
    is_open = height is None and width is None
    sides = [(s, s) for s in TRIED] if is_open else [(height or width or 0, width or height or 0)]
    colours = (3, 1) if channels is None else (channels,)
    return [ImageShape(colour, *side) for colour in colours for side in sides], is_open


def _require_floats(graph: Graph, port: Port, does: str) -> None:
    if port.kind not in {0, *FLOATS}:
        raise ModelError(
            f"{graph.file} {does} of type {kind_name(port.kind)} ({port.name}), not floating-point "
            "numbers",
            "export it with images in [0, 1] and latents as float32",
        )

"""A model as two ONNX files: an encoder and a decoder that any ONNX runtime can run.

Both speak as `Autoencoder` does: images are ``batch channels height width`` in [0, 1], latents are
raw, whatever range the networks work in and by whatever scale others use the latents; both are
written beside the weights, in the files' metadata.
"""

import json
import tempfile
import warnings
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import torch
from torch import Tensor, nn

import latentscape
from latentscape.errors import LatentscapeError, ModelError, RunError, UsageError
from latentscape.models import Autoencoder, OpenModel, open_model
from latentscape.records import refusal
from latentscape.records.exported import ExportRecord
from latentscape.workflows.export.request import Request

OPSET = 17
TRACED = 2  # images that are sent through while the graph is written down
CHECKED = 5  # and through the file afterwards: another number of them
AGREES = 1e-3  # largest difference allowed, in parts of the largest value

PLAIN = "its networks must be made of torch's own operations, free of branches on their input"


class Encoder(nn.Module):
    """Images to the mean, and to the log variance where there is one."""

    def __init__(self, autoencoder: Autoencoder):
        super().__init__()
        self.autoencoder = autoencoder

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """``batch channels height width`` in [0, 1] to ``batch *latent``, once or twice."""
        posterior = self.autoencoder.encode(images)
        if self.autoencoder.posterior == "point":
            return (posterior.mean,)
        return posterior.mean, posterior.log_var


class Decoder(nn.Module):
    """Latents to images."""

    def __init__(self, autoencoder: Autoencoder):
        super().__init__()
        self.autoencoder = autoencoder

    def forward(self, latents: Tensor) -> Tensor:
        """``batch *latent`` to ``batch channels height width`` in [0, 1]."""
        return self.autoencoder.decode(latents)


@dataclass(frozen=True)
class Half:
    """One file to write: the network, what goes in and out by name, and an example of it."""

    network: nn.Module
    takes: str
    makes: tuple[str, ...]
    example: Tensor


def write_onnx(request: Request) -> ExportRecord:
    """Write ``encoder.onnx`` and ``decoder.onnx`` into a folder.

    Raises:
        UsageError: If the model is a pair of ONNX files itself, or there is no place for it.
        ModelError: If the model cannot be written so, or does not come back as it went.
        RunError: If the files cannot be written.
    """
    model = open_model(request.thing, "fp32", device="cpu")
    if model.recipe == "onnx":
        raise UsageError(f"{request.thing} is a pair of ONNX files already", "copy them")
    folder = request.folder(model.name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".export-", dir=folder) as room:
            paths = tuple(Path(room) / f"{half}.onnx" for half in ("encoder", "decoder"))
            is_open, difference = write_pair(model, *paths)
            files = [path.replace(folder / path.name) for path in paths]
    except OSError as error:
        raise RunError(
            f"{folder} could not be written: {refusal(error)}", "make room, or write elsewhere"
        ) from error
    facts = {**facts_of(model), "opset": OPSET, "largest_difference": float(f"{difference:.2g}")}
    facts["sides"] = "any that fit its steps" if is_open else "as stated"
    return ExportRecord(
        format="onnx",
        model=model.name,
        model_sha256=model.sha256,
        files=tuple(map(str, files)),
        bytes=sum(path.stat().st_size for path in files),
        facts=facts,
    )


def write_pair(model: OpenModel, encoder: Path, decoder: Path) -> tuple[bool, float]:
    """Write both halves, read them again, and hold what they answer against the model.

    Returns:
        Whether sides were left open, and the largest difference, in parts of the largest value.
    """
    autoencoder = model.autoencoder
    for is_open in (True, False) if autoencoder.size_step is not None else (False,):
        try:
            write_encoder(model, encoder, is_open=is_open)
            write_decoder(model, decoder, is_open=is_open)
            return is_open, _difference(autoencoder, encoder, decoder, is_open=is_open)
        except ModelError:
            if not is_open:
                raise
    raise AssertionError


def write_encoder(model: OpenModel, path: Path, *, is_open: bool = False) -> None:
    """Write images → ``mean`` (and ``log_var``)."""
    autoencoder = model.autoencoder
    makes = ("mean",) if autoencoder.posterior == "point" else ("mean", "log_var")
    _write(model, Half(Encoder(autoencoder), "images", makes, _images(autoencoder)), path, is_open)


def write_decoder(model: OpenModel, path: Path, *, is_open: bool = False) -> None:
    """Write latents → ``images``.

    Raises:
        ModelError: If it cannot be written so.
    """
    autoencoder = model.autoencoder
    latents = _latents(TRACED, autoencoder.latent_shape)
    _write(model, Half(Decoder(autoencoder), "latents", ("images",), latents), path, is_open)


def write_checked_decoder(model: OpenModel, path: Path) -> None:
    """Write latents → ``images``, read it again, and hold what it answers against the model.

    Raises:
        ModelError: If it cannot be written so, or does not answer as the model does.
    """
    write_decoder(model, path)
    _difference(model.autoencoder, None, path, is_open=False)


def facts_of(model: OpenModel) -> dict[str, str | int | float]:
    """What a reader of the files must know to use them, as metadata has it."""
    autoencoder, made = model.autoencoder, model.autoencoder.conventions
    return {
        "model": model.name,
        "recipe": model.recipe,
        "model_sha256": model.sha256,
        "data": "" if model.data is None else model.data.source,
        "image_shape": "×".join(map(str, autoencoder.image_shape)),
        "latent_shape": "×".join(map(str, autoencoder.latent_shape)),
        "posterior": autoencoder.posterior,
        "pixels": "in [0, 1], in and out; converted inside to "
        f"[{autoencoder.pixel_range[0]:g}, {autoencoder.pixel_range[1]:g}]",
        "latents": "raw; elsewhere used as (z − shift) · scale, which is not applied",
        "latent_scale": json.dumps(made.latent_scale),
        "latent_shift": json.dumps(made.latent_shift),
        "precision": "fp32",
        "version": latentscape.__version__,
    }


def _images(autoencoder: Autoencoder) -> Tensor:
    return torch.rand(TRACED, *autoencoder.image_shape, generator=_rng())


def _latents(n: int, shape: tuple[int, ...]) -> Tensor:
    return torch.randn(n, *shape, generator=_rng())


def _rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def _write(model: OpenModel, half: Half, path: Path, is_open: bool) -> None:
    """Trace one half, and add what its reader must know."""
    import onnx

    ports = (half.takes, *half.makes)
    sides = {2: "height", 3: "width"}
    axes = {port: {0: "batch", **_sides(port, sides if is_open else {})} for port in ports}
    try:
        with _quietly(), torch.enable_grad():  # then whole batches go through, in one piece
            torch.onnx.export(  # by tracing: the other way wants a further package
                half.network.eval(),
                (half.example,),
                path,
                dynamo=False,
                opset_version=OPSET,
                input_names=[half.takes],
                output_names=list(half.makes),
                dynamic_axes=axes,
            )
        written = onnx.load(path)
    except (LatentscapeError, OSError):
        raise
    except Exception as error:  # torch's own words for what it cannot write down
        said = (str(error).strip() or type(error).__name__).partition("\n")[0]
        raise ModelError(f"{model.name} cannot be written as ONNX: {said}", PLAIN) from error
    onnx.helper.set_model_props(written, {k: str(v) for k, v in facts_of(model).items()})
    written.producer_name, written.producer_version = "latentscape", latentscape.__version__
    onnx.save(written, path)


def _sides(port: str, sides: dict[int, str]) -> dict[int, str]:
    what = "image" if port == "images" else "latent"
    return {axis: f"{what}_{side}" for axis, side in sides.items()}


@torch.inference_mode()
def _difference(
    autoencoder: Autoencoder, encoder: Path | None, decoder: Path, *, is_open: bool
) -> float:
    """Largest difference of what the files, or the decoder alone, and the model answer.

    Other images than the graphs were traced with, and another number of them: what was written
    down as a constant shows. Where sides are open, of another size too.
    """
    from latentscape.models.onnx import OnnxGraph, read_graph

    graphs = [read_graph(path) for path in (decoder, encoder) if path is not None]
    if not all(graph.inputs for graph in graphs):
        raise _not_alike("what comes out does not depend on what goes in")
    back, *there = (OnnxGraph(graph).eval() for graph in graphs)
    worst = 0.0
    for grown in (1, 2) if is_open else (1,):
        shape = autoencoder.image_shape
        shape = shape._replace(height=shape.height * grown, width=shape.width * grown)
        model = autoencoder.for_images(shape)
        images = torch.rand(CHECKED, *shape, generator=_rng().manual_seed(1))
        latents = _latents(CHECKED + TRACED, model.latent_shape)[TRACED:]
        try:
            answers = [answer for graph in there for answer in _answers(graph, images)]
            answers += _answers(back, latents)
        except (LatentscapeError, RuntimeError, ValueError) as error:
            raise _not_alike(f"they fail: {error}") from error
        wanted = [*(Encoder(model)(images) if there else ()), model.decode(latents)]
        for answer, want in zip(answers, wanted, strict=True):
            if answer.shape != want.shape:
                raise _not_alike(f"{tuple(answer.shape)} instead of {tuple(want.shape)}")
            scale = max(1.0, float(want.abs().max()))
            worst = max(worst, float((answer - want).abs().max()) / scale)
    if not worst <= AGREES:
        raise _not_alike(f"by {worst:.2g} of the largest value")
    return worst


def _answers(graph: nn.Module, given: Tensor) -> tuple[Tensor, ...]:
    answer = graph(given)
    return answer if isinstance(answer, tuple) else (answer,)


def _not_alike(how: str) -> ModelError:
    return ModelError(
        f"the ONNX files do not answer as the model does ({how}), and were not kept", PLAIN
    )


@contextmanager
def _quietly():
    """Torch's advice to its own developers, and the graphs it prints, are nothing to a user."""
    with warnings.catch_warnings(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        warnings.simplefilter("ignore")
        yield

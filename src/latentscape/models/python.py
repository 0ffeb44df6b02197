"""`python:MODULE:CALLABLE` or `python:FILE.py:CALLABLE`: any object with `encode` and `decode`.

The callable takes nothing and gives a torch module, or another object, that has

- ``encode(images)``: a tensor of latents, or a pair of means and log variances;
- ``decode(latents)``: images;
- ``pixel_range``: lowest and highest pixel of both, ``(0, 1)`` or ``(-1, 1)`` say;
- ``image_shape``: (channels, height, width); or, where it takes any size, ``size_step``: what sides
  must be multiples of, and ``channels``, 3 if left out;
- ``name``, ``latent_scale`` and ``latent_shift``, if it likes.

Latents' shape and posterior are found by sending images through.
"""

import hashlib
import importlib
import importlib.util
import math
import sys
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from latentscape.errors import LatentscapeError, ModelError, UsageError, nearest
from latentscape.models.autoencoder import Autoencoder, Conventions
from latentscape.models.identity import identity_of, weights_sha256
from latentscape.models.likelihood import GaussianOfImages
from latentscape.models.opened import OpenModel
from latentscape.models.parts import in_parts
from latentscape.models.posterior import Gaussian, PosteriorKind
from latentscape.shapes import ImageShape

FORM = "write it as python:MODULE:CALLABLE or python:FILE.py:CALLABLE"
SIDE = 64  # about what is sent through a model of any size


def open_python(words: str) -> OpenModel:
    """Open what a callable gives.

    Raises:
        UsageError: If there is no such module, file or callable.
        ModelError: If it fails, or what it gives does not keep to the form above.
    """
    make, module = callable_named(words)
    try:
        thing = make()
    except LatentscapeError:
        raise
    except Exception as error:  # it is the user's own code
        raise ModelError(
            f"{words} failed: {_said(error)}", "call it in Python to see where"
        ) from error
    autoencoder = thing if isinstance(thing, Autoencoder) else adapt(thing, words)
    called = words.strip().rpartition(":")[2]
    source = weights_sha256(thing) or f"{file_sha256(module)} {called}"
    name, sha256 = str(getattr(thing, "name", "") or called), identity_of(source, autoencoder)
    return OpenModel(name, autoencoder.eval(), recipe="python", seed=0, sha256=sha256)


def callable_named(words: str) -> tuple[Callable[..., Any], ModuleType]:
    """A callable of the user's own and the module that it is looked up in, which is run for it.

    Args:
        words: ``MODULE:CALLABLE``, found in the folder one is in too, or ``FILE.py:CALLABLE``.

    Raises:
        UsageError: If there is no such module, file or callable.
        ModelError: If the module fails while it is imported.
    """
    place, colon, called = words.strip().rpartition(":")
    if not (place and colon and called):
        raise UsageError(f"python:{words} does not name a module and a callable", FORM)
    module = _module(place)
    return _callable(module, place, called), module


def adapt(thing: Any, words: str) -> Autoencoder:
    """An object with `encode` and `decode` as an `Autoencoder`.

    Args:
        thing: See the head of this file.
        words: What it is called in errors.

    Raises:
        ModelError: If something is missing, or does not answer as it should.
    """
    for verb in ("encode", "decode"):
        if not callable(getattr(thing, verb, None)):
            raise ModelError(
                f"{words} gives {_a(thing)} without {verb}",
                "give an object with encode(images) and decode(latents)",
            )
    if isinstance(thing, nn.Module):
        thing.eval()
    low, high = _pixel_range(thing, words)
    shape, step = _sizes(thing, words)
    conventions = Conventions(
        (low, high),
        _declared(thing, "latent_scale", 1.0, words=words),
        _declared(thing, "latent_shift", 0.0, words=words),
    )
    latent, kind = _sent(thing, words, shape, (low, high))
    autoencoder = Autoencoder(
        There(thing),
        Back(thing, values_a_value=shape.size / math.prod(latent)),
        image_shape=shape,
        latent_shape=latent,
        posterior=kind,
        likelihood=GaussianOfImages(),
        size_step=step,
    )
    autoencoder.conventions = conventions
    return autoencoder


class There(nn.Module):
    """An object's `encode`: the mean, or mean and log variance side by side on axis 1."""

    def __init__(self, thing: Any):
        super().__init__()
        self.thing = thing

    def forward(self, images: Tensor) -> Tensor:
        """``batch channels height width`` to ``batch parameters ...``."""
        return in_parts(
            lambda rows: _parameters(self.thing.encode(rows)),
            images,
            values_a_row=images[:1].numel(),
        )


class Back(nn.Module):
    """An object's `decode`."""

    def __init__(self, thing: Any, *, values_a_value: float):
        super().__init__()
        self.thing = thing
        self.values_a_value = values_a_value

    def forward(self, latents: Tensor) -> Tensor:
        """``batch *latent`` to ``batch channels height width``."""
        values = latents[:1].numel() * self.values_a_value
        return in_parts(self.thing.decode, latents, values_a_row=values)


def _callable(module: ModuleType, place: str, called: str) -> Callable[..., Any]:
    names = [name for name in vars(module) if callable(getattr(module, name)) and name[0] != "_"]
    make = getattr(module, called, None)
    if make is None:
        raise UsageError(f"{place} has no {called}", nearest(called, names))
    if not callable(make):
        raise UsageError(f"{called} of {place} cannot be called", nearest(called, names))
    return make


def _module(place: str) -> ModuleType:
    path = Path(place).expanduser()
    is_file = path.suffix == ".py"
    if is_file and not path.is_file():
        raise UsageError(f"there is no file {path}", FORM)
    try:
        if not is_file:
            with _on_path(Path.cwd()):
                return importlib.import_module(place)
        spec = importlib.util.spec_from_file_location(f"opened_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[module.__name__] = module  # where dataclasses and pickles look their classes up
        with _on_path(path.parent):
            spec.loader.exec_module(module)
        return module
    except ModuleNotFoundError as error:
        if error.name == place.partition(".")[0] or error.name == place:
            hint = f"install it, or run where it lies; of a file: python:{place}.py:CALLABLE"
            raise UsageError(f"there is no module {place}", hint) from error
        raise ModelError(f"{place} cannot be imported: {_said(error)}", "install it") from error
    except Exception as error:  # it is the user's own code
        raise ModelError(
            f"{place} cannot be imported: {_said(error)}", "import it in Python to see where"
        ) from error


@contextmanager
def _on_path(folder: Path):
    """Modules of the folder can be imported, as Python itself does it for what it runs."""
    place = str(folder.resolve())
    sys.path.insert(0, place)
    try:
        yield
    finally:
        sys.path.remove(place)


def _pixel_range(thing: Any, words: str) -> tuple[float, float]:
    declared = getattr(thing, "pixel_range", None)
    try:
        low, high = (float(end) for end in declared)  # pyright: ignore[reportOptionalIterable]
    except (TypeError, ValueError):
        low = high = math.nan
    if not low < high:
        told = "no pixel_range" if declared is None else f"the pixel_range {declared}"
        raise ModelError(
            f"{words} declares {told}", "say in what range its pixels are: pixel_range = (0, 1)"
        )
    return low, high


def _declared(thing: Any, name: str, usual: float, *, words: str) -> float | tuple[float, ...]:
    """A number, or one a channel."""
    said = getattr(thing, name, usual)
    try:
        values = np.asarray(said, float)
    except (TypeError, ValueError):
        values = np.full(1, np.nan)
    if values.ndim > 1 or not np.isfinite(values).all():
        raise ModelError(f"{words} declares the {name} {said}", "give a number, or one a channel")
    return tuple(values.tolist()) if values.ndim else float(values)


def _sizes(thing: Any, words: str) -> tuple[ImageShape, int | None]:
    """One shape of image, and what sides must be multiples of where there are more."""
    step, shape = getattr(thing, "size_step", None), getattr(thing, "image_shape", None)
    hint = "give image_shape = (channels, height, width), or size_step = 8 where it takes any size"
    if step is None and shape is None:
        raise ModelError(f"{words} declares neither image_shape nor size_step", hint)
    try:
        step = None if step is None else int(step)
        if shape is None:
            side = -(-SIDE // (step or 0)) * (step or 0)
            shape = (getattr(thing, "channels", 3), side, side)
        found = ImageShape(*(int(side) for side in shape))
    except (TypeError, ValueError, ZeroDivisionError) as error:
        raise ModelError(f"{words} declares sizes that are none ({error})", hint) from error
    least = 1 if step is None else step
    if min(*found, least) < 1 or any(side % least for side in found[1:]):
        raise ModelError(f"{words} declares images of {found} in steps of {step}", hint)
    return found, step


@torch.inference_mode()
def _sent(
    thing: Any, words: str, shape: ImageShape, ends: tuple[float, float]
) -> tuple[tuple[int, ...], PosteriorKind]:
    """Shape of one latent and the posterior, found by sending two images there and back."""
    images = torch.rand(2, *shape, generator=torch.Generator().manual_seed(0))
    try:
        answer = thing.encode(images * (ends[1] - ends[0]) + ends[0])
        parameters = _parameters(answer)
        kind: PosteriorKind = "point" if isinstance(answer, Tensor) else "gaussian"
        latents = parameters if kind == "point" else parameters.chunk(2, dim=1)[0]
        _require_latents(latents, words)
        back = thing.decode(latents)
    except LatentscapeError as error:
        raise ModelError(f"{words}: {error.message}", error.hint) from error
    except Exception as error:  # it is the user's own code
        raise ModelError(
            f"{words} fails on two images of {shape}: {_said(error)}",
            "does it take float32 of batch × channels × height × width, and the size it declares?",
        ) from error
    if not isinstance(back, Tensor) or tuple(back.shape) != (2, *shape):
        told = "×".join(map(str, back.shape)) if isinstance(back, Tensor) else type(back).__name__
        raise ModelError(
            f"{words} decodes two images of {shape} to {told}",
            "decode must give batch × channels × height × width, in the size that was encoded",
        )
    return tuple(latents.shape[1:]), kind


def _require_latents(latents: Tensor, words: str) -> None:
    if latents.dim() not in (2, 4) or len(latents) != 2 or not latents.is_floating_point():
        raise ModelError(
            f"encode gives {'×'.join(map(str, latents.shape))} of {latents.dtype} for two images",
            "latents are floating-point vectors, or grids of channels × height × width",
        )
    if not torch.isfinite(latents).all():
        raise ModelError("encode gives values that are not finite", "are its weights loaded?")


def _a(thing: Any) -> str:
    """The name of a thing's type behind its article."""
    name = type(thing).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def _parameters(answer: Any) -> Tensor:
    """What `encode` answered, as one tensor.

    Raises:
        ModelError: If it is neither a tensor nor a pair of tensors of one shape.
    """
    if isinstance(answer, Tensor):
        return answer
    if isinstance(answer, Gaussian):
        return torch.cat([answer.mean, answer.log_var], 1)
    is_pair = isinstance(answer, (tuple, list)) and len(answer) == 2
    if not is_pair or not all(isinstance(part, Tensor) for part in answer):
        raise ModelError(
            f"encode gives {_a(answer)}",
            "it must give a tensor of latents, or (mean, log_var)",
        )
    mean, log_var = answer
    if mean.shape != log_var.shape or mean.dim() < 2:
        shapes = " and ".join("×".join(map(str, part.shape)) for part in answer)
        raise ModelError(f"encode gives a pair of {shapes}", "mean and log_var have one shape")
    return torch.cat([mean, log_var], 1)


def file_sha256(module: ModuleType) -> str:
    """Hash of the file that a module is written in, which tells what has no weights; or empty."""
    path = Path(getattr(module, "__file__", None) or "")
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _said(error: Exception) -> str:
    first = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__

"""MODEL: whatever the words name, opened behind `encode` and `decode`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from latentscape.data import DataConfig
from latentscape.models.autoencoder import Autoencoder
from latentscape.models.precision import Format, device_for, format_for
from latentscape.shapes import ImageShape


@dataclass(frozen=True)
class OpenModel:
    """A model ready to encode and decode, and where it came from.

    Attributes:
        name: Short name for figures.
        autoencoder: The model itself, in eval mode.
        recipe: Name of the recipe it was trained with; ``onnx`` of a pair of ONNX files, the class
            of a model of diffusers, ``python`` of a module.
        seed: Seed of its training; 0 where that is not known.
        sha256: Hash of its weights; of a model that was trained elsewhere of what it declares too.
        data: The images it was trained on, if known.
        folder: Its run folder, if it is a run.
        settings: How its networks run, where that may change what comes out: ``tiling=256`` say.
    """

    name: str
    autoencoder: Autoencoder
    recipe: str
    seed: int
    sha256: str
    data: DataConfig | None = None
    folder: Path | None = None
    settings: str = ""

    @property
    def precision(self) -> Format:
        """Number format in which its networks run."""
        return self.autoencoder.precision

    def for_images(self, shape: ImageShape) -> "OpenModel":
        """The same model for images of another size; see `Autoencoder.for_images`."""
        return replace(self, autoencoder=self.autoencoder.for_images(shape))


def open_model(name: str | Path, precision: str = "auto", *, device: str = "auto") -> OpenModel:
    """Open MODEL: a run folder, or another autoencoder behind the same `encode` and `decode`.

    Args:
        name: A run folder, ``diffusers:ID-or-FOLDER``, ``onnx:ENCODER,DECODER`` or
            ``python:MODULE:CALLABLE``.
        precision: ``fp32`` is exact. ``bf16`` runs the networks under autocast, channels last.
            ``auto`` is bf16 for models that were trained elsewhere where the processor multiplies
            it in hardware, and fp32 for runs.
        device: ``auto`` (CUDA where there is one), ``cpu``, ``cuda``, ``cuda:1``, ``mps``.

    Raises:
        UsageError: If there is no such folder or file, this version knows no such network, or the
            machine has no such device.
        ModelError, RunError: If there is no model in it, or it cannot be used.
    """
    place, form = device_for(device), precision_of(name, precision, device=device)
    scheme, _, words = str(name).partition(":")
    opened = ADAPTERS[scheme](words) if _is_foreign(name) else _run(name)
    autoencoder = opened.autoencoder.to(place).in_precision(form)
    return replace(opened, autoencoder=autoencoder)


def precision_of(name: str | Path, precision: str = "auto", *, device: str = "auto") -> Format:
    """The number format in which `open_model` will open MODEL."""
    kind = device_for(device).partition(":")[0]
    return format_for(precision, device=kind, own=not _is_foreign(name))


def _is_foreign(name: str | Path) -> bool:
    scheme, colon, _ = str(name).partition(":")
    return bool(colon) and scheme in ADAPTERS


def _run(name: str | Path) -> OpenModel:
    from latentscape.models.saved import open_run

    return open_run(Path(name))


def _onnx(words: str) -> OpenModel:
    from latentscape.models.onnx import open_pair

    return open_pair(words)


def _diffusers(words: str) -> OpenModel:
    from latentscape.models.diffusers import open_diffusers

    return open_diffusers(words)


def _python(words: str) -> OpenModel:
    from latentscape.models.python import open_python

    return open_python(words)


ADAPTERS: dict[str, Callable[[str], OpenModel]] = {
    "diffusers": _diffusers,
    "onnx": _onnx,
    "python": _python,
}

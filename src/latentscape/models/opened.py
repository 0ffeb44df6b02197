"""MODEL: whatever the words name, opened behind `encode` and `decode`."""

from dataclasses import dataclass, replace
from pathlib import Path

from latentscape.data import DataConfig
from latentscape.models.autoencoder import Autoencoder
from latentscape.shapes import ImageShape


@dataclass(frozen=True)
class OpenModel:
    """A model ready to encode and decode, and where it came from.

    Attributes:
        name: Short name for figures.
        autoencoder: The model itself, in eval mode.
        recipe: Name of the recipe it was trained with; ``onnx`` of a pair of ONNX files.
        seed: Seed of its training; 0 where that is not known.
        sha256: Hash of its weights.
        data: The images it was trained on, if known.
        folder: Its run folder, if it is a run.
    """

    name: str
    autoencoder: Autoencoder
    recipe: str
    seed: int
    sha256: str
    data: DataConfig | None = None
    folder: Path | None = None

    def for_images(self, shape: ImageShape) -> "OpenModel":
        """The same model for images of another size; see `Autoencoder.for_images`."""
        return replace(self, autoencoder=self.autoencoder.for_images(shape))


def open_model(name: str | Path) -> OpenModel:
    """Open MODEL: a run folder, or ``onnx:ENCODER,DECODER``.

    Raises:
        UsageError: If there is no such folder or file, or this version knows no such network.
        ModelError, RunError: If there is no model in it, or it cannot be used.
    """
    scheme, colon, words = str(name).partition(":")
    if scheme == "onnx" and colon:
        from latentscape.models.onnx import open_pair

        return open_pair(words)
    from latentscape.models.saved import open_run

    return open_run(Path(name))

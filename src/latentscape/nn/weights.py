"""Weights of frozen nets: from a local file, from the cache, or fetched once and checked."""

import hashlib
import os
import pickle
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import torch
from torch import Tensor

from latentscape.errors import ModelError
from latentscape.records import replacing

PATIENCE = 10  # seconds without an answer
CHUNK = 1 << 20


@dataclass(frozen=True)
class PublishedWeights:
    """Weights that somebody published.

    Attributes:
        local: Names under ``weights/`` of the folder LATENTSCAPE_DATA names, first found first.
        url: Where they are fetched from.
        sha256_start: What the fetched file's sha256 begins with, as its publisher says.
    """

    local: tuple[str, ...]
    url: str
    sha256_start: str

    @property
    def cached(self) -> Path:
        """Where the fetched file is kept: LATENTSCAPE_CACHE, else the user's cache folder."""
        own = os.environ.get("LATENTSCAPE_CACHE")
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        folder = Path(own) if own else base / "latentscape"
        return folder / "weights" / self.url.rpartition("/")[2]

    def find(self) -> Path | None:
        """The file on this machine, or None."""
        root = os.environ.get("LATENTSCAPE_DATA")
        paths = [Path(root) / "weights" / name for name in self.local] if root else []
        return next((path for path in (*paths, self.cached) if path.is_file()), None)

    def fetch(self) -> Path:
        """Fetch the file into the cache.

        Raises:
            ModelError: If it cannot be had, or is not the published file.
        """
        try:
            self.cached.parent.mkdir(parents=True, exist_ok=True)
            with (
                replacing(self.cached) as temporary,
                urllib.request.urlopen(self.url, timeout=PATIENCE) as answer,
            ):
                digest = hashlib.sha256()
                with temporary.open("wb") as file:
                    while chunk := answer.read(CHUNK):
                        digest.update(chunk)
                        file.write(chunk)
                self._require_published(digest.hexdigest())
        except (OSError, urllib.error.URLError) as error:
            reason = getattr(error, "reason", None) or error
            raise ModelError(
                f"{self.url} cannot be fetched: {reason}",
                f"put the file at {self.cached} by hand, or use random weights or pixels",
            ) from error
        return self.cached

    def _require_published(self, sha256: str) -> None:
        if not sha256.startswith(self.sha256_start):
            raise ModelError(
                f"what {self.url} gave is not the published file (sha256 {sha256[:12]}…, "
                f"published {self.sha256_start}…)",
                "something between here and there changes files: fetch it by hand",
            )


def read_weights(path: Path) -> tuple[dict[str, Tensor], str]:
    """Tensors of a ``.pth`` file in fp32, and the file's sha256.

    Such files are pickles: they are read with ``weights_only=True``, which builds tensors and
    nothing else.

    Raises:
        ModelError: If the file is damaged or holds anything but tensors.
    """
    try:
        content = path.read_bytes()
        state = torch.load(path, map_location="cpu", weights_only=True)
        tensors = {str(key): value.float() for key, value in state.items()}
    except (OSError, RuntimeError, AttributeError, EOFError, BadZipFile,
            pickle.UnpicklingError) as error:  # fmt: skip
        raise ModelError(
            f"the weights {path} cannot be read ({type(error).__name__})",
            "restore the file, or remove it so that it is fetched again",
        ) from error
    return tensors, hashlib.sha256(content).hexdigest()

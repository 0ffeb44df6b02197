"""Weights of frozen nets: from a local file, from the cache, or fetched once and checked."""

import hashlib
import os
import pickle
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile, ZipFile, is_zipfile

import torch
from torch import Tensor, nn

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
        name: What the fetched file is called here; the last word of `url` if empty.
    """

    local: tuple[str, ...]
    url: str
    sha256_start: str
    name: str = ""

    @property
    def cached(self) -> Path:
        """Where the fetched file is kept: LATENTSCAPE_CACHE, else the user's cache folder."""
        own = os.environ.get("LATENTSCAPE_CACHE")
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        folder = Path(own) if own else base / "latentscape"
        return folder / "weights" / (self.name or self.url.rpartition("/")[2])

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
                f"put the file at {self.cached} by hand, or choose random weights",
            ) from error
        return self.cached

    def read(self, path: Path, *, prefix: str = "") -> tuple[dict[str, Tensor], str]:
        """`read_weights` of a file that `find` or `fetch` gave.

        A file under the published name must be the published one; others (another precision of
        the same weights) go by names of their own.

        Raises:
            ModelError: If the file is damaged, or is not what its name says.
        """
        must_be = self.sha256_start if path.name == self.cached.name else ""
        state, sha256 = read_weights(path, prefix=prefix, published=must_be)
        if not sha256.startswith(must_be):
            raise ModelError(
                f"{path} is not the published file (sha256 {sha256[:12]}…, published "
                f"{self.sha256_start}…)",
                "restore it, remove it so that it is fetched again, or give it another name",
            )
        return state, sha256

    def _require_published(self, sha256: str) -> None:
        if not sha256.startswith(self.sha256_start):
            raise ModelError(
                f"what {self.url} gave is not the published file (sha256 {sha256[:12]}…, "
                f"published {self.sha256_start}…)",
                "something between here and there changes files: fetch it by hand",
            )


def read_weights(
    path: Path, *, prefix: str = "", published: str = ""
) -> tuple[dict[str, Tensor], str]:
    """Tensors of a ``.pth`` file in fp32, and the file's sha256.

    Such files are pickles: they are read with ``weights_only=True``, which builds tensors and
    nothing else.

    Args:
        path: The file.
        prefix: Only tensors whose key begins so are kept.
        published: What the sha256 of the whole file begins with, where that is known; a file that
            has it is whole, and the checksums of its parts are not read as well.

    Raises:
        ModelError: If the file is damaged or holds anything but tensors.
    """
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if not (published and sha256.startswith(published)):
            _require_whole(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
        keys = [key for key in state if str(key).startswith(prefix)]
        tensors = {str(key): state[key].float() for key in keys}
    except (OSError, RuntimeError, AttributeError, TypeError, EOFError, LookupError, ValueError,
            BadZipFile, pickle.UnpicklingError) as error:  # fmt: skip
        raise ModelError(
            f"the weights {path} cannot be read ({type(error).__name__})",
            "restore the file, or remove it so that it is fetched again",
        ) from error
    return tensors, sha256


def _require_whole(path: Path) -> None:
    """Check the checksums within an archive; torch reads past those that are wrong."""
    if is_zipfile(path):
        with ZipFile(path) as archive:
            if spoilt := archive.testzip():
                raise BadZipFile(spoilt)


@torch.no_grad()
def draw_weights(net: nn.Module, seed: int) -> None:
    """Fill the convolutions in: normal with variance 2 / fan-in, biases 0.

    Reference: He et al. 2015, Delving deep into rectifiers, eq. 10.
    """
    rng = torch.Generator().manual_seed(seed)
    for step in net.modules():
        if isinstance(step, nn.Conv2d):
            fan_in = step.weight[0].numel()
            drawn = torch.randn(step.weight.shape, generator=rng) * (2 / fan_in) ** 0.5
            step.weight.copy_(drawn)
            if step.bias is not None:
                nn.init.zeros_(step.bias)

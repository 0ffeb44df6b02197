"""Projectors by name, and from their files."""

import json
from pathlib import Path

import numpy as np

from latentscape.errors import RunError, UsageError, nearest
from latentscape.projection.isomap import Isomap
from latentscape.projection.latent import Latent
from latentscape.projection.lle import LLE
from latentscape.projection.pacmap import PaCMAP
from latentscape.projection.pca import PCA
from latentscape.projection.projector import FORMAT, Projector
from latentscape.projection.tsne import TSNE
from latentscape.projection.umap import UMAP
from latentscape.records import UNREADABLE

PROJECTORS: dict[str, type[Projector]] = {
    projector.name: projector for projector in (PCA, PaCMAP, UMAP, TSNE, Isomap, LLE, Latent)
}


def projector_named(name: str) -> type[Projector]:
    """The projector called `name`.

    Raises:
        UsageError: If there is none; the hint names the nearest.
    """
    if name not in PROJECTORS:
        hint = nearest(name.replace("-", ""), PROJECTORS)
        raise UsageError(f"there is no projection method {name!r}", hint)
    return PROJECTORS[name]


def load_projector(path: Path | str) -> Projector:
    """A fitted projector that `Projector.save` wrote; it places further latents as before.

    Raises:
        RunError: If the file is missing, damaged, or from another version.
    """
    path = Path(path)
    path = path if path.suffix == ".npz" else path.with_name(f"{path.name}.npz")
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            state = {name: file[name] for name in file.files}
        about = json.loads(str(state.pop("about")))
        if about["format"] != FORMAT:
            raise ValueError(f"format {about['format']}")
        return PROJECTORS[about["method"]]().restored(about, state)
    except FileNotFoundError as error:
        raise RunError(f"there is no map at {path}", "save a fitted projector first") from error
    except (*UNREADABLE, TypeError, AttributeError) as error:
        raise RunError(
            f"the map {path} cannot be read ({type(error).__name__})",
            "it may be damaged or from another version: make it again",
        ) from error

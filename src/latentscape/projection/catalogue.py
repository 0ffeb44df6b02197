"""Projectors by name."""

from latentscape.errors import UsageError, nearest
from latentscape.projection.latent import Latent
from latentscape.projection.pacmap import PaCMAP
from latentscape.projection.pca import PCA
from latentscape.projection.projector import Projector
from latentscape.projection.tsne import TSNE
from latentscape.projection.umap import UMAP

PROJECTORS: dict[str, type[Projector]] = {
    projector.name: projector for projector in (PCA, PaCMAP, UMAP, TSNE, Latent)
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

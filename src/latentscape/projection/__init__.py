"""PCA, PaCMAP, UMAP and t-SNE behind one Projector."""

from latentscape.projection.catalogue import PROJECTORS, projector_named
from latentscape.projection.latent import Latent
from latentscape.projection.pacmap import PaCMAP
from latentscape.projection.pca import PCA, principal_axes
from latentscape.projection.projector import Projector
from latentscape.projection.tsne import TSNE
from latentscape.projection.umap import UMAP

__all__ = [
    "PCA",
    "PROJECTORS",
    "TSNE",
    "UMAP",
    "Latent",
    "PaCMAP",
    "Projector",
    "principal_axes",
    "projector_named",
]

"""PCA, PaCMAP, UMAP, t-SNE, Isomap and LLE behind one Projector."""

from latentscape.projection.catalogue import PROJECTORS, load_projector, projector_named
from latentscape.projection.isomap import Isomap
from latentscape.projection.latent import Latent
from latentscape.projection.lle import LLE
from latentscape.projection.neighbour_map import NeighbourMap
from latentscape.projection.pacmap import PaCMAP
from latentscape.projection.pca import PCA, principal_axes
from latentscape.projection.projector import Projector
from latentscape.projection.tsne import TSNE
from latentscape.projection.umap import UMAP

__all__ = [
    "LLE",
    "PCA",
    "PROJECTORS",
    "TSNE",
    "UMAP",
    "Isomap",
    "Latent",
    "NeighbourMap",
    "PaCMAP",
    "Projector",
    "load_projector",
    "principal_axes",
    "projector_named",
]

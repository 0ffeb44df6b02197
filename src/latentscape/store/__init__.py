"""The latent store: manifest, shards, provenance."""

from latentscape.store.manifest import MANIFEST, Manifest, rows_per_shard
from latentscape.store.reader import Store
from latentscape.store.triplets import read_triplet, write_triplet
from latentscape.store.writer import Samples, StoreWriter

__all__ = [
    "MANIFEST",
    "Manifest",
    "Samples",
    "Store",
    "StoreWriter",
    "read_triplet",
    "rows_per_shard",
    "write_triplet",
]

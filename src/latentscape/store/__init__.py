"""The latent store: manifest, shards, provenance."""

from latentscape.store.manifest import MANIFEST, Manifest, rows_per_shard
from latentscape.store.reader import Store
from latentscape.store.triplets import (
    LatentsCard,
    TripletLatents,
    read_triplet,
    write_triplet,
    write_triplets,
)
from latentscape.store.writer import Samples, StoreWriter

__all__ = [
    "MANIFEST",
    "LatentsCard",
    "Manifest",
    "Samples",
    "Store",
    "StoreWriter",
    "TripletLatents",
    "read_triplet",
    "rows_per_shard",
    "write_triplet",
    "write_triplets",
]

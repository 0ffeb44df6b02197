"""Batches: a seeded order over images that stay uint8 until the moment they are used."""

import warnings
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from latentscape.data import ImageSet
from latentscape.data.augment import augment_batch

RESIDENT_BYTES = 2 * 2**30


class Feed:
    """Images and labels of one split, ready to be drawn in batches.

    The whole split stays one uint8 tensor (or memory map), on the device where it fits there, so
    that a batch costs one gather and one conversion and no worker process (about twice a
    DataLoader's speed).

    Args:
        images: The whole image set.
        rows: Rows of the split.
        device: Where batches are wanted.
        augment: Names of augmentations applied on the fly.
    """

    def __init__(
        self,
        images: ImageSet,
        rows: np.ndarray,
        *,
        device: torch.device,
        augment: tuple[str, ...] = (),
    ):
        self.rows = torch.from_numpy(np.asarray(rows, dtype=np.int64))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
            self.pixels = torch.from_numpy(images.images)
        self.labels = torch.from_numpy(np.asarray(images.labels, dtype=np.int64))
        self.device = device
        self.binarize = images.binarize
        self.augment = augment
        if device.type != "cpu" and self.pixels.numel() <= RESIDENT_BYTES:
            self.pixels = self.pixels.to(device)

    def __len__(self) -> int:
        return len(self.rows)

    def order(self, seed: int, epoch: int) -> Tensor:
        """Rows in the order of one epoch; depends on seed and epoch alone."""
        shuffle = np.random.default_rng([seed, epoch]).permutation(len(self.rows))
        return self.rows[torch.from_numpy(shuffle)]

    def batch(self, rows: Tensor, rng: np.random.Generator | None = None) -> tuple[Tensor, Tensor]:
        """Images ``batch channels height width`` in [0, 1], and labels, on the device."""
        raw = self.pixels.index_select(0, rows.to(self.pixels.device))
        if self.augment and rng is not None:
            raw = torch.from_numpy(augment_batch(raw.cpu().numpy(), self.augment, rng=rng))
        raw = raw.to(self.device)
        images = raw.ge(128).float() if self.binarize else raw.float().div_(255)
        if images.shape[1] > 1:
            images = images.contiguous(memory_format=torch.channels_last)
        return images, self.labels.index_select(0, rows).to(self.device)

    def batches(self, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """All rows in their own order, unaugmented."""
        for rows in self.rows.split(batch_size):
            yield self.batch(rows)


def shard_of(order: Tensor, rank: int, world: int) -> Tensor:
    """Every `world`-th row from `rank`; all ranks get the same number."""
    usable = len(order) // world * world
    return order[:usable][rank::world]

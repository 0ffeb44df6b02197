"""Images to look at, gathered while all of them go by."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from latentscape.data import ImageSet
from latentscape.workflows.opening import as_bytes

N_WORST = 16


class Gallery:
    """Originals and reconstructions to look at: some chosen before, and the worst so far."""

    def __init__(self, chosen: np.ndarray, image_shape: tuple[int, ...]):
        self.chosen = chosen
        self.shown = np.zeros((2, len(chosen), *image_shape), np.uint8)
        self.worst = np.zeros((2, 0, *image_shape), np.uint8)
        self.worst_rows = np.zeros(0, np.int64)
        self._errors = np.zeros(0)

    def look(self, rows: np.ndarray, originals: Tensor, reconstructions: Tensor) -> None:
        """See a batch; keep of it what is to be shown."""
        if not len(self.chosen):
            return
        errors = (originals - reconstructions).double().square().flatten(1).mean(1).cpu().numpy()
        places = np.searchsorted(self.chosen, rows).clip(max=len(self.chosen) - 1)
        here = self.chosen[places] == rows
        both = torch.stack((originals, reconstructions))
        self.shown[:, places[here]] = as_bytes(both[:, torch.from_numpy(here)])
        candidates = np.argsort(-errors, kind="stable")[:N_WORST]
        self._errors = np.concatenate((self._errors, errors[candidates]))
        self.worst_rows = np.concatenate((self.worst_rows, rows[candidates]))
        seen = as_bytes(both[:, torch.from_numpy(candidates.copy())])
        self.worst = np.concatenate((self.worst, seen), axis=1)
        keep = np.argsort(-self._errors, kind="stable")[:N_WORST]
        self._errors, self.worst_rows = self._errors[keep], self.worst_rows[keep]
        self.worst = self.worst[:, keep]

    def fields(self, images: ImageSet) -> dict[str, Any]:
        """What was chosen and the worst, as a record's fields."""
        return {
            "originals": self.shown[0],
            "reconstructions": self.shown[1],
            "shown_ids": tuple(images.sample_ids[self.chosen].tolist()),
            "worst_originals": self.worst[0],
            "worst_reconstructions": self.worst[1],
            "worst_ids": tuple(images.sample_ids[self.worst_rows].tolist()),
        }

    def part_fields(self, images: ImageSet) -> dict[str, Any]:
        """What was chosen of each part, as a record's fields; none of an empty gallery."""
        if not len(self.chosen):
            return {}
        return {
            "part_originals": self.shown[0],
            "part_reconstructions": self.shown[1],
            "part_ids": tuple(images.sample_ids[self.chosen].tolist()),
        }

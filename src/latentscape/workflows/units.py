"""The units of a latent space: single latents, or principal directions of a spatial latent.

One cell of a spatial latent paints one place of the image and means nothing alone; what its many
cells do together is told by directions.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from latentscape.errors import DataError
from latentscape.records.disentanglement import Axes
from latentscape.workflows.latents import Latents

MOST_LATENTS = 256  # numbers a latent; above, directions stand in
N_DIRECTIONS = 16
COLLAPSED = 0.05


@dataclass(frozen=True)
class Units:
    """Coordinates of latents along each unit.

    Attributes:
        axes: What a unit is.
        names: Of the d units.
        directions: ``d D`` orthonormal rows in the space of the flattened latents.
        centre: (D,) mean of the latents.
        rows: ``n d`` coordinates: the latents themselves, or of their difference from the centre.
        rate: (d,) mean KL of each unit, nats, or its variance.
        ranked_by: Which of the two.
        floor: A unit of less variance is collapsed: .05 where training drew latents to N(0, I),
            elsewhere .05 of the mean variance.
    """

    axes: Axes
    names: tuple[str, ...]
    directions: np.ndarray
    centre: np.ndarray
    rows: np.ndarray
    rate: np.ndarray
    ranked_by: Literal["KL", "variance"]
    floor: float

    def along(self, latent: np.ndarray) -> np.ndarray:
        """(d,) coordinates of one flattened latent."""
        if self.axes == "principal directions":
            latent = latent - self.centre
        return self.directions @ latent

    @property
    def order(self) -> np.ndarray:
        """Units by rate, the largest first."""
        return np.argsort(-self.rate, kind="stable")


def units_of(latents: Latents) -> Units:
    """Single latents of a vector; the first 16 principal directions of a grid, or of over 256.

    Raises:
        DataError: If there is no latent, or only one of a grid.
    """
    rows = latents.rows.astype(np.float64)
    n, size = rows.shape
    centre = rows.mean(0)
    if latents.means.ndim > 2 or size > MOST_LATENTS:
        if n < 2:
            raise DataError("one image shows no direction", "give more images")
        directions, variance = _directions(rows - centre)
        names = tuple(f"direction {i + 1}" for i in range(len(directions)))
        along = (rows - centre) @ directions.T
        floor = COLLAPSED * float(variance.mean())
        return Units("principal directions", names, directions, centre, along, variance,
                     "variance", floor)  # fmt: skip
    variance, names = rows.var(0), tuple(f"latent {i + 1}" for i in range(size))
    floor = COLLAPSED if latents.prior_matched else COLLAPSED * float(variance.mean())
    if latents.log_vars is None:
        rate, ranked_by = variance, "variance"
    else:
        log_vars = latents.log_vars.reshape(n, -1).astype(np.float64)
        rate = 0.5 * (np.square(rows) + np.exp(log_vars) - 1 - log_vars).mean(0)
        ranked_by = "KL"
    return Units("latents", names, np.eye(size), centre, rows, rate, ranked_by, floor)


def _directions(centred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The leading principal directions, largest loading positive, and the variance along each."""
    from sklearn.utils.extmath import randomized_svd

    most = min(N_DIRECTIONS, *centred.shape, len(centred) - 1)
    _, singular, directions = randomized_svd(centred, most, random_state=0)
    largest = np.abs(directions).argmax(1)
    signs = np.where(directions[np.arange(most), largest] < 0, -1.0, 1.0)
    return directions * signs[:, None], singular**2 / len(centred)

"""What lies at a place of a map, and a grid of it over the whole map."""

from typing import TYPE_CHECKING

import numpy as np

from latentscape.errors import UsageError
from latentscape.projection.lift import Lifted
from latentscape.records.exhibit import MOST_TILES, Look, Manifold, tile_side
from latentscape.workflows.explore.maps import Plane
from latentscape.workflows.explore.pictures import shrunk

if TYPE_CHECKING:
    from latentscape.workflows.explore.exhibit import OpenExhibit

AT_ONCE = 128
EDGE = 0.005  # share of the points left outside on each side: outliers would leave no room


def looked_at(plane: Plane, x: float, y: float) -> tuple[np.ndarray, Look]:
    """The latent (D,) that a place of a map stands for, and how far to trust it.

    Raises:
        UsageError: If the place is none.
    """
    if not (np.isfinite(x) and np.isfinite(y)):
        raise UsageError(f"({x}, {y}) is no place on the map", "give finite numbers")
    lifted = plane.lift(np.array([[x, y]]))
    return lifted.latents[0], Look(
        lifting=plane.lifting,
        reliability=float(lifted.reliability[0]),
        nearest=int(plane.rows[lifted.nearest[0]]),
        words=_words(plane, lifted),
    )


def _words(plane: Plane, lifted: Lifted) -> str:
    share = f"{lifted.agreement[0]:.0%}"
    told = {
        "exact": "The latent itself",
        "inverse": f"A point of the plane, which holds {share} of the latents' variance",
        "neighbours": f"The mean of latents around, which tells about {share} of the variance",
    }[plane.lifting]
    return f"{told}; no sample lies near" if lifted.nearness[0] < 0.5 else told


def manifold_of(exhibit: "OpenExhibit", plane: Plane, *, side: int) -> tuple[Manifold, np.ndarray]:
    """A decoded grid over the middle 99 % of a map, in tiles of the images' own aspect.

    Args:
        exhibit: Whose decoder.
        plane: The map.
        side: Tiles along the longer way, 2 to 40.

    Returns:
        Where the tiles lie, and uint8 ``columns·rows height width channels``, row by row from the
        top, small enough that the sheet has at most 1,280 pixels a side.

    Raises:
        UsageError: If there are too few or too many tiles.
        LatentscapeError: If there is no decoder.
    """
    if not 2 <= side <= MOST_TILES:
        raise UsageError(f"a grid of {side} tiles a side is none", f"from 2 to {MOST_TILES}")
    grid, places = _grid(exhibit, plane, side)
    key = (plane.name, side)
    kept = exhibit.manifolds.get(key)
    if kept is not None:
        return grid, kept
    latents = plane.lift(places).latents
    tile = tile_side(side)
    parts = [
        shrunk(exhibit.decode(latents[start : start + AT_ONCE]), tile)
        for start in range(0, len(latents), AT_ONCE)
    ]
    images = np.concatenate(parts)
    exhibit.manifolds.put(key, images)
    return grid, images


def _grid(exhibit: "OpenExhibit", plane: Plane, side: int) -> tuple[Manifold, np.ndarray]:
    """The grid, and the (tiles, 2) middles of its tiles."""
    low, high = np.quantile(plane.positions, (EDGE, 1 - EDGE), axis=0)
    wide, tall = np.maximum(high - low, 1e-6 * max(1.0, float(np.abs(high).max())))
    shape = exhibit.image_shape
    aspect = 1.0 if shape is None else shape[1] / shape[2]
    width = max(wide, tall / aspect) / side
    columns = max(1, min(side, round(wide / width)))
    rows = max(1, min(side, round(tall / (width * aspect))))
    middle_x, middle_y = (low + high) / 2
    x = middle_x + (np.arange(columns) - (columns - 1) / 2) * width
    y = middle_y - (np.arange(rows) - (rows - 1) / 2) * width * aspect
    places = np.stack([np.tile(x, rows), np.repeat(y, columns)], 1)
    grid = Manifold(columns=columns, rows=rows, x=(float(x[0]), float(x[-1])),
                    y=(float(y[0]), float(y[-1])))  # fmt: skip
    return grid, places

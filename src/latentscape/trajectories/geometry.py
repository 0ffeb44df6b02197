"""The geometry of trajectories, among latents and among images; and how near they keep to data."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from latentscape.errors import DataError, ShapeError
from latentscape.shapes import latent_size
from latentscape.trajectories.neighbourhood import Neighbourhood
from latentscape.trajectories.parts import Frames, double, require_frames, spans
from latentscape.trajectories.polyline import Polyline, polyline, products

LatentFunction = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Geometry:
    """Geometry of trajectories, one row a pair; NaN where a pair does not define a number.

    Attributes:
        norms: (pairs, steps) ‖z_t‖.
        log_densities: (pairs, steps) natural log of the density; None where none was given.
        nearest: (pairs, steps) distance to the nearest data latent, or None.
        neighbours: (pairs, steps) distance to the fifth nearest over that of data, or None.
        cycle: (pairs, steps) ‖E(D(z_t)) − z_t‖ / ‖z_1 − z_0‖, or None.
        columns: Name in the catalogue to one value a pair. A number over steps counts those
            between the ends: the ends are the same whatever the way.
    """

    norms: np.ndarray
    log_densities: np.ndarray | None
    nearest: np.ndarray | None
    neighbours: np.ndarray | None
    cycle: np.ndarray | None
    columns: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.norms)


def geometry(
    trajectories: np.ndarray,
    frames: Frames | None = None,
    *,
    density: LatentFunction | None = None,
    data: np.ndarray | Neighbourhood | None = None,
    encode: LatentFunction | None = None,
    seed: int = 0,
) -> Geometry:
    """Length, straightness and evenness of trajectories, and how near they keep to data.

    Args:
        trajectories: ``pairs steps *latent``, NumPy; at least two steps.
        frames: Decoded, ``pairs steps channels height width``, NumPy or torch.
        density: Latents ``batch *latent`` (float64 tensor) to ``batch`` natural logarithms.
        data: ``n *latent``, what nearness is measured to; or their neighbourhood, found before.
        encode: Images ``batch channels height width`` to latents ``batch *latent``; needs frames.
        seed: Of the choice among more than 20,000 data latents.

    Returns:
        NumPy, float64. ``columns`` has what was asked for only.

    Raises:
        ShapeError: If the arrays do not fit one another.
    """
    _require_ways(trajectories, frames)
    ways = np.asarray(trajectories, np.float64).reshape(
        *trajectories.shape[:2], latent_size(trajectories.shape[2:])
    )
    norms = np.linalg.norm(ways, axis=2)
    columns = _line_columns(_latent_line(trajectories), LATENT)
    columns["norm_dip"] = _inner(norms / _between_ends(norms), np.min)
    if frames is not None:
        columns |= _line_columns(_decoded_line(frames), DECODED)
    logs = near = ratios = cycle = None
    if density is not None:
        logs = _log_densities(trajectories, density)
        lower = np.minimum(logs[:, 0], logs[:, -1])
        columns["density_dip"] = _inner(logs, np.min) - lower
    if data is not None:
        around = data if isinstance(data, Neighbourhood) else Neighbourhood.of(data, seed=seed)
        near, ratios = around.ratios(trajectories)
        columns["nearest_data"] = _inner(near, np.mean)
        columns["neighbour_ratio"] = _inner(ratios, np.median)
    if encode is not None and frames is not None:
        cycle = cycle_errors(trajectories, frames, encode)
        columns["cycle_residual"] = _inner(cycle, np.median)
    return Geometry(norms, logs, near, ratios, cycle, columns)


LATENT = {
    "length": "latent_length",
    "ratio": "latent_ratio",
    "turning": "latent_turning",
    "unevenness": "latent_unevenness",
}
DECODED = {
    "length": "decoded_length",
    "ratio": "path_ratio",
    "turning": "decoded_turning",
    "unevenness": "decoded_unevenness",
}


def cycle_errors(
    trajectories: np.ndarray, frames: Frames, encode: LatentFunction, *, batch: int = 256
) -> np.ndarray:
    """How far each latent moves when it is decoded and encoded again.

    Args:
        trajectories: ``pairs steps *latent``, NumPy.
        frames: What they decode to, ``pairs steps channels height width`` in [0, 1].
        encode: Images ``batch channels height width`` (float32) to latents ``batch *latent``.
        batch: Images at a time.

    Returns:
        (pairs, steps) ‖E(D(z_t)) − z_t‖ / ‖z_1 − z_0‖: 0 is a fixed point; from 0, no unit; NaN
        where the two ends are one latent.

    Raises:
        ShapeError: If trajectories and frames do not fit, or `encode` gives other latents.

    Reference: METHODS §4.3, 7.
    """
    _require_ways(trajectories, frames)
    pairs, steps = trajectories.shape[:2]
    flat = trajectories.reshape(pairs * steps, latent_size(trajectories.shape[2:]))
    flat = flat.astype(np.float64)
    images = frames.reshape(-1, *frames.shape[2:])
    moved = np.empty(len(flat))
    for start in range(0, len(flat), batch):
        rows = slice(start, start + batch)
        with torch.no_grad():
            part = images[rows]
            part = part if isinstance(part, Tensor) else torch.from_numpy(np.asarray(part))
            again = encode(part.float()).double().flatten(1).cpu().numpy()
        if again.shape != flat[rows].shape:
            raise ShapeError(
                f"encoding gives latents of {again.shape[1]} numbers, "
                f"the trajectories have {flat.shape[1]}"
            )
        moved[rows] = np.linalg.norm(again - flat[rows], axis=1)
    apart = _apart(trajectories)[:, None]
    moved = moved.reshape(pairs, steps)
    return np.divide(moved, apart, out=np.full_like(moved, np.nan), where=apart > 0)


def cycle_levels(
    trajectories: np.ndarray, cycle: np.ndarray, *, level: float | None = None
) -> np.ndarray:
    """What `cycle_errors` of data would be on each trajectory: one level for all, in its units.

    Args:
        trajectories: ``pairs steps *latent``, NumPy.
        cycle: (pairs, steps) of `cycle_errors`.
        level: ‖E(D(z)) − z‖ of data, latent units, where it is known; without it, the median over
            the ends of all these pairs.

    Returns:
        (pairs,) level ÷ ‖z_1 − z_0‖; NaN where the two ends are one latent.
    """
    apart = _apart(trajectories)
    if level is None:
        ends = cycle[:, [0, -1]] * apart[:, None]
        ends = ends[np.isfinite(ends)]
        level = float(np.median(ends)) if len(ends) else np.nan
    return np.divide(level, apart, out=np.full(len(apart), np.nan), where=apart > 0)


def _require_ways(trajectories: np.ndarray, frames: Frames | None) -> None:
    if trajectories.ndim < 3 or trajectories.shape[1] < 2:
        raise ShapeError(
            f"trajectories are pairs × steps × latent with two steps or more, "
            f"not {trajectories.shape}"
        )
    if frames is not None:
        require_frames(frames)
        if tuple(frames.shape[:2]) != trajectories.shape[:2]:
            raise ShapeError(
                f"frames {tuple(frames.shape)} are not those of trajectories {trajectories.shape}"
            )


def _apart(trajectories: np.ndarray) -> np.ndarray:
    first, last = (np.asarray(trajectories[:, end], np.float64) for end in (0, -1))
    return np.linalg.norm((last - first).reshape(len(first), first[:1].size), axis=1)


def _latent_line(trajectories: np.ndarray) -> Polyline:
    tables = [products(double(trajectories, rows)) for rows in spans(trajectories)]
    return _lined(tables, int(trajectories.shape[1]))


def _decoded_line(frames: Frames) -> Polyline:
    """Lengths are root mean squares over the image, so that images of all sizes compare."""
    size = int(np.prod(frames.shape[2:]))
    tables = [products(double(frames, rows)).cpu() / size for rows in spans(frames)]
    return _lined(tables, int(frames.shape[1]))


def _lined(tables: list[Tensor], steps: int) -> Polyline:
    if not tables:
        tables = [torch.zeros(0, steps, steps, dtype=torch.float64)]
    return polyline(torch.cat(tables))


def _line_columns(line: Polyline, names: dict[str, str]) -> dict[str, np.ndarray]:
    return {name: getattr(line, what).cpu().numpy() for what, name in names.items()}


def _log_densities(trajectories: np.ndarray, density: LatentFunction) -> np.ndarray:
    found = []
    for rows in spans(trajectories, n_values=1 << 18):
        part = double(trajectories, rows)
        with torch.no_grad():
            logs = density(part.flatten(0, 1))
        if logs.shape != (len(part) * part.shape[1],):
            raise DataError(
                f"a density gave {tuple(logs.shape)} for {len(part) * part.shape[1]} latents",
                "give one logarithm a latent",
            )
        found.append(logs.double().view(part.shape[:2]).cpu().numpy())
    return np.concatenate(found) if found else np.zeros(trajectories.shape[:2])


def _between_ends(values: np.ndarray) -> np.ndarray:
    t = np.linspace(0, 1, values.shape[1])
    line = (1 - t) * values[:, :1] + t * values[:, -1:]
    return np.where(line > 0, line, np.nan)


def _inner(values: np.ndarray, over: Callable[..., np.ndarray]) -> np.ndarray:
    """`over` the steps between the ends; NaN where there are none."""
    inner = values[:, 1:-1]
    return over(inner, axis=1) if inner.shape[1] else np.full(len(inner), np.nan)

"""How evenly a decoder moves: what a small step costs, and whether straight lines stay straight."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from latentscape.errors import UndefinedError
from latentscape.metrics.catalogue import measured, row_of
from latentscape.metrics.interval import bootstrap_intervals, quantile_interval
from latentscape.metrics.jacobian import (
    CHUNK_VALUES,
    N_PROBES,
    Decode,
    frobenius_norms,
    largest_singular_values,
    singular_values,
)
from latentscape.metrics.neighbours import nearest_neighbours
from latentscape.records import Measure, Row

FULL_SPECTRUM = 64
N_LATENTS, N_LARGE = 128, 16  # places looked at; of latents above `FULL_SPECTRUM` numbers
SHORT = 0.01  # of the cloud's radius: a small step
N_STEPS = 10
EPSILON = 0.01
FLAT = 1e-6  # of σ_max: a direction that moves nothing
BATCH = 256


@dataclass(frozen=True)
class Ground:
    """A decoder and the latents where its smoothness is looked at.

    Attributes:
        decode: Latents to images in [0, 1], ``batch channels height width``.
        latents: ``n *latent``, on the decoder's device, in random order: pairs and places are
            taken from the front, neighbours looked for among all.
        seed: Of directions, positions and bootstrap.
        distance: Squared perceptual distance of each image to its partner; None for none.
        features: What that is computed in, in words.
    """

    decode: Decode
    latents: Tensor
    seed: int = 0
    distance: Callable[[Tensor, Tensor], Tensor] | None = None
    features: str = ""

    @property
    def full(self) -> bool:
        """Whether the latent is small enough for the whole Jacobian."""
        return self.latents[0].numel() <= FULL_SPECTRUM

    @property
    def places(self) -> Tensor:
        """The latents that Jacobians and small steps are taken at."""
        return self.latents[: N_LATENTS if self.full else N_LARGE]

    def images(self, latents: Tensor) -> Tensor:
        """Decoded a batch at a time, ``n channels height width``."""
        with torch.inference_mode():
            return torch.cat([self.decode(part) for part in latents.split(BATCH)])


def smoothness(name: str, ground: Ground, *, note: str = "") -> tuple[Row, np.ndarray]:
    """All measures of smoothness as one row, and the singular values behind some of them.

    Args:
        name: The row's.
        ground: Decoder and latents.
        note: The row's.

    Returns:
        The row; measures that the latents do not define say why not. (places, d) singular values
        of the Jacobian, largest first; (0, 0) where the latent is too large for all of them.
    """
    enough = len(ground.latents) > 1
    values = singular_values(ground.decode, ground.places) if ground.full else np.zeros((0, 0))
    stretch = _stretch(ground, values)

    def defined(make: Callable[[], Iterable[Measure]]) -> Callable[[], Iterable[Measure]]:
        def refuse() -> Iterable[Measure]:
            raise UndefinedError("one latent has no other to go to", "measure more images")

        return make if enough else refuse

    row = row_of(
        name,
        {
            "jacobian": lambda: _means(stretch.columns, ground, stretch.how),
            "jacobian_unevenness": lambda: _unevenness(ground, values, stretch),
            "log_volume": lambda: _log_volume(ground, values),
            "lipschitz_steps": defined(lambda: _steps(ground)),
            "lipschitz_neighbours": defined(lambda: _neighbours(ground)),
            "curvature": defined(lambda: _lines(ground)),
            "path_length": defined(lambda: _path_length(ground)),
        },
        note=note,
    )
    return row, values


class Stretch(NamedTuple):
    """(places,) ‖J‖_F and largest singular values by name, and how they were found."""

    columns: dict[str, np.ndarray]
    how: str


def _stretch(ground: Ground, values: np.ndarray) -> Stretch:
    if ground.full:
        norms, largest = np.sqrt(np.square(values).sum(1)), values[:, 0]
        how = f"all {values.shape[1]} singular values by forward differentiation"
    else:
        norms = frobenius_norms(ground.decode, ground.places, seed=ground.seed)
        largest = largest_singular_values(ground.decode, ground.places, seed=ground.seed)
        how = f"{N_PROBES} random probes for the norm, power iteration for the largest"
    return Stretch({"jacobian_norm": norms, "jacobian_largest": largest}, how)


def _unevenness(ground: Ground, values: np.ndarray, stretch: Stretch) -> list[Measure]:
    """Directions and unevenness, of the places where the decoder moves at all."""
    norms, how = stretch.columns["jacobian_norm"], stretch.how
    moves = norms > 0
    if not moves.any():
        raise UndefinedError(
            "the decoder stands still at every latent", "look at `measure collapse`"
        )
    if not moves.all():
        how += f"; {(~moves).sum():,} latents left out, where the decoder stands still"
        norms = norms[moves]
    columns = {}
    if ground.full:
        # Shares of the largest, for fourth powers of small values are 0.
        shares = np.square(values[moves] / values[moves, :1])
        columns["jacobian_directions"] = shares.sum(1) ** 2 / np.square(shares).sum(1)
    # the absolute deviation is a mean, so that it has an interval of the same make
    logs = np.log(norms)
    columns["jacobian_unevenness"] = np.abs(logs - np.median(logs))
    return _means(columns, ground, how)


def _log_volume(ground: Ground, values: np.ndarray) -> list[Measure]:
    if not ground.full:
        raise UndefinedError(
            f"a latent of more than {FULL_SPECTRUM} numbers has too large a Jacobian",
            "compare ‖J‖_F instead",
        )
    n_pixels = ground.decode(ground.latents[:1]).numel()
    if n_pixels < ground.latents[0].numel():
        raise UndefinedError(
            "images have fewer pixels than latents, so no volume is kept", "use fewer latents"
        )
    flat = np.asarray((values <= FLAT * values[:, :1]).any(1))
    if flat.any():
        raise UndefinedError(
            f"at {flat.sum():,} of {len(flat):,} latents some direction moves nothing (σ under "
            f"{FLAT:g} of the largest), so the volume is 0",
            "look at `measure collapse`",
        )
    return _means({"log_volume": np.log(values).sum(1)}, ground, "")


def _steps(ground: Ground) -> list[Measure]:
    """‖Δx‖/‖Δz‖ along a short step in a random direction."""
    radius = _radius(ground.latents)
    z = ground.places
    rng = torch.Generator(device=z.device).manual_seed(ground.seed)
    step = torch.empty_like(z).normal_(generator=rng)
    length = SHORT * radius
    step *= (length / step.flatten(1).norm(dim=1)).view(-1, *[1] * (z.ndim - 1))
    moved = _apart(ground.images(z + step), ground.images(z))
    how = f"steps of {length:.3g} ({SHORT:.0%} of the cloud's radius) in a random direction each"
    return _quantiles("lipschitz_steps", moved / length, how)


def _neighbours(ground: Ground) -> list[Measure]:
    """‖Δx‖/‖Δz‖ between latents and their nearest neighbours."""
    _radius(ground.latents)
    graph = nearest_neighbours(ground.latents.cpu().numpy(), 1, seed=ground.seed)
    n = len(ground.places)
    other = ground.latents[torch.from_numpy(graph.indices[:n, 0]).to(ground.latents.device)]
    between = _apart(other, ground.places)
    kept = between > 0
    if not kept.any():
        raise UndefinedError("every latent has an exact duplicate", "measure other images")
    moved = _apart(ground.images(other), ground.images(ground.places))
    how = f"nearest of {len(ground.latents):,} latents, {np.median(between[kept]):.3g} away"
    if not kept.all():
        how += f"; {(~kept).sum():,} exact duplicates left out"
    return _quantiles("lipschitz_neighbours", moved[kept] / between[kept], how)


def _lines(ground: Ground) -> list[Measure]:
    """Curvature and length of decoded straight lines between pairs of latents."""
    first, second = _pairs(ground)
    n_values = ground.decode(first[:1]).numel()
    at_once = max(1, CHUNK_VALUES // (N_STEPS * n_values))
    pairs = zip(first.split(at_once), second.split(at_once), strict=True)
    parts = [_walked(ground, one, other) for one, other in pairs]
    bend, ratio = (np.concatenate(column) for column in zip(*parts, strict=True))
    moves = np.isfinite(bend) & np.isfinite(ratio)
    if not moves.any():
        raise UndefinedError("no two latents decode to different images", "see measure collapse")
    columns = {"curvature": bend[moves], "line_ratio": ratio[moves]}
    how = f"{N_STEPS} points a line, {moves.sum():,} random pairs"
    return _means(columns, ground, how)


def _walked(ground: Ground, first: Tensor, second: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Mean curvature and length ÷ chord of each line; NaN or infinite where nothing moves."""
    t = torch.linspace(0, 1, N_STEPS, device=first.device)
    t = t.view(1, -1, *[1] * (first.ndim - 1))
    line = (1 - t) * first[:, None] + t * second[:, None]
    x = ground.images(line.flatten(0, 1)).double().reshape(*line.shape[:2], -1)
    bend = (x[:, 2:] - 2 * x[:, 1:-1] + x[:, :-2]).norm(dim=2)
    reach = (x[:, 2:] - x[:, :-2]).norm(dim=2)
    length = (x[:, 1:] - x[:, :-1]).norm(dim=2).sum(1)
    chord = (x[:, -1] - x[:, 0]).norm(dim=1)
    ratio = (length / chord).clamp_min(1)  # rounding aside; NaN stays
    return (bend / reach).mean(1).cpu().numpy(), ratio.cpu().numpy()


def _path_length(ground: Ground) -> list[Measure]:
    """ε⁻² d(x(t), x(t + ε)) at a random t on straight lines between pairs."""
    first, second = _pairs(ground)
    rng = torch.Generator(device=first.device).manual_seed(ground.seed)
    t = torch.rand(len(first), generator=rng, device=first.device)
    t = t.view(-1, *[1] * (first.ndim - 1))
    x, further = (ground.images(first + s * (second - first)) for s in (t, t + EPSILON))
    squared = (x - further).double().square().flatten(1).mean(1).cpu().numpy()
    how = f"ε = {EPSILON:g}, t uniform on [0, 1], straight lines, none left out"
    found = _means({"path_length_pixels": squared / EPSILON**2}, ground, how)
    if ground.distance is not None:
        with torch.inference_mode():
            apart = ground.distance(x.cpu(), further.cpu()).double().numpy()
        columns = {"path_length_perceptual": apart / EPSILON**2}
        found += _means(columns, ground, f"{how}; features: {ground.features}")
    return found


def _pairs(ground: Ground) -> tuple[Tensor, Tensor]:
    """Random pairs of different rows: both ends of as many lines as there are places."""
    n = len(ground.latents)
    rng = np.random.default_rng(ground.seed)
    first = rng.permutation(n)[: N_LATENTS if ground.full else N_LARGE]
    second = (first + rng.integers(1, n, len(first))) % n
    here = ground.latents.device
    one, other = (torch.from_numpy(rows).to(here) for rows in (first, second))
    return ground.latents[one], ground.latents[other]


def _radius(latents: Tensor) -> float:
    """Root mean square distance of the latents to their mean."""
    apart = (latents - latents.mean(0)).double().flatten(1)
    radius = float(apart.square().sum(1).mean().sqrt())
    if radius == 0:
        raise UndefinedError("all latents are one point", "look at `measure collapse`")
    return radius


def _apart(first: Tensor, second: Tensor) -> np.ndarray:
    return (first - second).double().flatten(1).norm(dim=1).cpu().numpy()


def _means(columns: dict[str, np.ndarray], ground: Ground, note: str) -> list[Measure]:
    intervals = bootstrap_intervals(columns, seed=ground.seed)
    return [
        measured(name, values.mean(), n=len(values), interval=intervals.get(name), note=note)
        for name, values in columns.items()
    ]


def _quantiles(name: str, values: np.ndarray, note: str) -> list[Measure]:
    return [
        measured(
            name + suffix,
            np.quantile(values, q),
            n=len(values),
            interval=quantile_interval(values, q),
            note=note,
        )
        for suffix, q in (("", 0.5), ("_95", 0.95))
    ]

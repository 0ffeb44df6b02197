"""Interpolators by name."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Literal, Protocol, get_args

import numpy as np

from latentscape.errors import UsageError, nearest
from latentscape.trajectories.eased import eased
from latentscape.trajectories.even_norm import linear_even_norm
from latentscape.trajectories.graph import NEEDED, Graph
from latentscape.trajectories.linear import linear
from latentscape.trajectories.lol import lol
from latentscape.trajectories.lol_iid import lol_iid
from latentscape.trajectories.spherical import Frame, spherical
from latentscape.trajectories.surroundings import Surroundings


class Interpolator(Protocol):
    """A way from some latents to others, for whole batches of pairs."""

    def __call__(self, starts: np.ndarray, ends: np.ndarray, *, n_steps: int) -> np.ndarray:
        """``pairs *latent`` twice to ``pairs n_steps *latent``; both ends exact."""
        ...


Maker = Callable[[Surroundings], Interpolator]

INTERPOLATORS: dict[str, Maker] = {}
NEEDS: dict[str, tuple[str, ...]] = {}


def register(name: str, make: Maker, *, needs: Iterable[str] = ()) -> None:
    """Give a way a name.

    Args:
        name: Words joined by hyphens, as on the command line.
        make: Surroundings to interpolator; nothing heavy before the first pair.
        needs: Of ``latents``, ``decode`` and ``features``: what of the surroundings it reads.
    """
    INTERPOLATORS[name], NEEDS[name] = make, tuple(needs)


def interpolator_named(name: str, surroundings: Surroundings | None = None) -> Interpolator:
    """The interpolator called `name`, bound to what surrounds the ends.

    Args:
        name: A key of `INTERPOLATORS`.
        surroundings: Latents, decoder and features; empty if None.

    Raises:
        UsageError: If there is none of that name (the hint names the nearest), or what it needs
            of the surroundings is missing.
    """
    require_method(name)
    surroundings = surroundings or Surroundings()
    surroundings.require(*NEEDS[name], method=name)
    return INTERPOLATORS[name](surroundings)


def require_method(name: str) -> None:
    """Check that there is an interpolator of that name.

    Raises:
        UsageError: If there is none; the hint names the nearest.
    """
    if name not in INTERPOLATORS:
        usual = name.lower().replace("slerp", "spherical").replace("lerp", "linear")
        raise UsageError(f"there is no interpolator {name!r}", nearest(usual, INTERPOLATORS))


def _in_frame(way: Callable[..., np.ndarray], frame: Frame, **words: bool) -> Maker:
    """Makes a way about zero, about the store's mean, or in the store's whitened latents."""

    def make(surroundings: Surroundings) -> Interpolator:
        moments = None if frame == "plain" else surroundings.moments
        return partial(way, moments=moments, frame=frame, **words)

    return make


register("linear", lambda _: linear)
register("eased", lambda _: eased)
for _name, _way, _words in (
    ("spherical", spherical, {}),
    ("spherical-norm", spherical, {"even_norm": True}),
    ("linear-norm", linear_even_norm, {}),
):
    for _frame in get_args(Frame):
        register(
            _name if _frame == "plain" else f"{_name}-{_frame}",
            _in_frame(_way, _frame, **_words),
            needs=() if _frame == "plain" else ("latents",),
        )
register("lol", lambda around: partial(lol, mean=around.moments.mean), needs=("latents",))
register("lol-iid", lambda around: partial(lol_iid, laws=around.laws), needs=("latents",))
for _seen, _needs in NEEDED.items():
    register(
        "graph" if _seen == "latent" else f"graph-{_seen}",
        partial(Graph, seen=_seen),
        needs=_needs,
    )


def _geodesic(metric: Literal["pixels", "features", "density"]) -> Maker:
    """Makes geodesics of one metric; torch is loaded when the first is asked for."""

    def make(surroundings: Surroundings) -> Interpolator:
        from latentscape.trajectories.geodesic import Geodesic

        return Geodesic(surroundings, metric=metric)

    return make


register("geodesic", _geodesic("pixels"), needs=("decode",))
register("geodesic-features", _geodesic("features"), needs=("decode", "features"))
register("geodesic-density", _geodesic("density"), needs=("decode", "latents"))

"""Tour: everything one wants to see of a finished run, each part written into its folder."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from latentscape.errors import DataError, ShapeError, UsageError
from latentscape.projection import projector_named
from latentscape.records import Record, read_run
from latentscape.shapes import latent_size
from latentscape.store import Store
from latentscape.workflows.encode import encode
from latentscape.workflows.interpolate import interpolate
from latentscape.workflows.measure import measure, require_measure
from latentscape.workflows.measure.reconstruction import measure_reconstruction
from latentscape.workflows.opening import Progress, Say, images_kept, unheard
from latentscape.workflows.project import project
from latentscape.workflows.sample import (
    manifold_aggregate,
    manifold_prior,
    sample_mixture,
    sample_prior,
)
from latentscape.workflows.traverse import traverse

QUICK_MAPS = ("pca", "pacmap")
QUICK_MEASURES = ("structure", "collapse")


def tour(
    run: Path | str,
    *,
    maps: tuple[str, ...] = QUICK_MAPS,
    limit: int = 5000,
    n_pairs: int = 6,
    measures: tuple[str, ...] = QUICK_MEASURES,
    say: Say | None = None,
    progress: Progress | None = None,
) -> tuple[Record, ...]:
    """Encode, measure, map, draw samples and manifolds, and travel; for the run's test split.

    What so few images do not allow (a map of five points, a pair from one) is left out, and said.

    Args:
        run: A run folder with trained weights.
        maps: Projections to make, besides the latent plane itself where the latent is 2-D.
        limit: Most points on a map.
        n_pairs: Trajectories between random pairs and between classes, each.
        measures: What to measure besides reconstruction.
        say: Told what is being done.
        progress: Told how far the slow parts are.

    Returns:
        The records, in the order they were made.
    """
    for method in maps:
        projector_named(method)  # a word that is wrong is no picture to be left out
    for what in measures:
        require_measure(what)
    wanted = Wanted(maps, limit, n_pairs, measures)
    with images_kept():
        return tuple(_stops(Path(run), wanted, say=say or unheard, progress=progress))


class Wanted(NamedTuple):
    """What a tour is asked for, as `tour` names it."""

    maps: tuple[str, ...]
    limit: int
    n_pairs: int
    measures: tuple[str, ...]


def _stops(
    folder: Path,
    wanted: Wanted,
    *,
    say: Say,
    progress: Progress | None,
) -> Iterator[Record]:
    about = read_run(folder)
    seed, n_latents = about["seed"], latent_size(tuple(about["model"]["latent_shape"]))
    say(f"{folder}: encoding the test split")
    encoded = encode(folder, progress=progress)
    store = Path(encoded.folder)
    yield encoded
    say(f"{folder}: measuring reconstructions beside their baselines")
    yield measure_reconstruction(folder, seed=seed, progress=progress)
    for what in wanted.measures:
        say(f"{folder}: measuring {what}")
        yield from _if_possible(
            partial(measure, what, folder, seed=seed, progress=progress), say=say
        )
    for method in _maps_for(n_latents, wanted.maps):
        say(f"{folder}: mapping by {method}")
        yield from _if_possible(
            partial(project, store, method=method, seed=seed, limit=wanted.limit), say=say
        )
    say(f"{folder}: drawing samples, manifolds, traversals and trajectories")
    pictures = [
        partial(sample_prior, folder, rows=8, columns=8, seed=seed),
        partial(sample_mixture, folder, rows=8, columns=8, seed=seed),
    ]
    if n_latents >= 2:
        pictures += [partial(manifold_prior, folder, store)]
        pictures += [partial(manifold_aggregate, folder, store)]
    pictures += [partial(traverse, folder)]
    for criterion in ("random", "different-class") if _has_classes(store) else ("random",):
        pictures += [
            partial(interpolate, folder, pairs=criterion, n_pairs=wanted.n_pairs, seed=seed)
        ]
    for picture in pictures:
        yield from _if_possible(picture, say=say)


def _if_possible(make: Callable[[], Record], *, say: Say) -> Iterator[Record]:
    try:
        yield make()
    except (UsageError, DataError, ShapeError) as error:
        say(f"left out: {error.message}")


def _maps_for(n_latents: int, maps: tuple[str, ...]) -> tuple[str, ...]:
    """A plane is shown as it is, without PCA; a line has no map."""
    if n_latents == 2:
        return ("latent", *(method for method in maps if method != "pca"))
    return maps if n_latents > 2 else ()


def _has_classes(store: Path) -> bool:
    labels = Store.open(store).samples.labels
    return len(set(labels.tolist()) - {-1}) > 1

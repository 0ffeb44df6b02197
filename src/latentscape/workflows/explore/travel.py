"""Travel: a trajectory through chosen samples, decoded and judged."""

from collections import OrderedDict
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from latentscape.errors import UsageError, nearest
from latentscape.records.exhibit import (
    FEWEST_STEPS,
    MOST_KEYS,
    MOST_STEPS,
    Ability,
    Journey,
    Travel,
    WayCard,
)
from latentscape.workflows.explore.live import as_shown
from latentscape.workflows.explore.turns import Turns

if TYPE_CHECKING:
    from torch import Tensor

    from latentscape.trajectories import Interpolator
    from latentscape.workflows.explore.exhibit import OpenExhibit
    from latentscape.workflows.explore.live import Live
    from latentscape.workflows.explore.stored import Stored
    from latentscape.workflows.measure.judging import Judge

MOST_LATENTS, MOST_VALUES = 20_000, 1 << 25
LEVEL_PIXELS = 1 << 20  # pixel values decoded for the level of the cycle error
N_DRAWS = 2  # of random weights: in place of trained ones, twice as fast as five and said in words
KEPT = 8
TRIP_SECONDS = 180.0  # after which a journey is taken not to end


def ways(exhibit: "OpenExhibit") -> tuple[WayCard, ...]:
    """The interpolators that can be taken here; none where nothing can be decoded."""
    if not ability(exhibit).possible:
        return ()
    from latentscape.workflows.explore.ways import way_cards

    return way_cards()


def ability(exhibit: "OpenExhibit") -> Ability:
    """Whether one can travel here: latents and a decoder are needed, and two samples."""
    decode = exhibit.abilities["decode"]
    if not decode.possible:
        return decode
    if len(exhibit.stored) < 2:
        why = "there is one sample alone, and a way needs two"
        return Ability(possible=False, why=why, hint="encode more images")
    return Ability(possible=True)


class Trip(NamedTuple):
    """What a journey came to: the record, latents ``steps D``, and images ``k h w c``."""

    travel: Travel
    latents: np.ndarray
    frames: np.ndarray
    dissolve: np.ndarray
    originals: np.ndarray


def travelled(exhibit: "OpenExhibit", journey: Journey) -> tuple[Travel, dict[str, np.ndarray]]:
    """The judged trajectory; ``frames``, ``dissolve`` and ``originals`` beside it.

    Raises:
        UsageError: If the method is unknown, a sample does not exist, two samples in a row are
            the same, or the number of frames is out of bounds.
        ModelError: If what is decoded on the way is not finite.
    """
    trip = trip_of(exhibit, journey)
    return trip.travel, {
        "frames": trip.frames,
        "dissolve": trip.dissolve,
        "originals": trip.originals,
    }


def trip_of(exhibit: "OpenExhibit", journey: Journey) -> Trip:
    """The same with its latents; the last few are kept."""
    require_journey(journey, len(exhibit.stored))
    return exhibit.traveller.trip(exhibit, journey)


def require_journey(journey: Journey, n: int) -> None:
    """Check that a journey can be travelled among `n` samples."""
    from latentscape.trajectories import INTERPOLATORS
    from latentscape.workflows.key_frames import SMOOTH

    rows, method, n_steps = journey
    if method not in (*INTERPOLATORS, *SMOOTH):
        known = (*INTERPOLATORS, *SMOOTH)
        raise UsageError(f"there is no way called {method!r}", nearest(method, known))
    if not 2 <= len(rows) <= MOST_KEYS:
        told = f"a way through {len(rows)} sample{'s' * (len(rows) != 1)} cannot be travelled"
        raise UsageError(told, f"choose 2 to {MOST_KEYS}")
    unknown = [row for row in rows if not 0 <= row < n]
    if unknown:
        raise UsageError(f"there is no sample {unknown[0]}", f"rows are 0 to {n - 1}")
    if any(a == b for a, b in pairwise(rows)):
        raise UsageError("the way goes from a sample to itself", "choose two different samples")
    if not FEWEST_STEPS <= n_steps <= MOST_STEPS:
        raise UsageError(f"{n_steps} frames", f"choose {FEWEST_STEPS} to {MOST_STEPS}")
    if n_steps < 2 * len(rows) - 1:
        told = f"{n_steps} frames are too few for a way through {len(rows)} samples"
        raise UsageError(told, f"choose {2 * len(rows) - 1} or more")


class Traveller:
    """Travels among the latents of one run; what that needs is prepared once.

    Args:
        live: The model that decodes.
        stored: The samples.
        seed: Of whatever is drawn.
    """

    def __init__(self, live: "Live", stored: "Stored", *, seed: int = 0):
        self.live = live
        self.stored = stored
        self.seed = seed
        self._ways: dict[str, Interpolator] = {}
        self._trips: OrderedDict[Journey, Trip] = OrderedDict()
        self._turns = Turns(self._drop)

    def trip(self, exhibit: "OpenExhibit", journey: Journey) -> Trip:
        """A journey that can be travelled, travelled and judged."""
        with self._turns.one(TRIP_SECONDS):
            found = self._trips.pop(journey, None) or self._travelled(exhibit, journey)
            self._trips[journey] = found
            while len(self._trips) > KEPT:
                self._trips.popitem(last=False)
            return found

    def _drop(self) -> None:
        """Let go of what a journey that did not come back still works with."""
        self._ways = {}
        self.__dict__.pop("judge", None)

    def _travelled(self, exhibit: "OpenExhibit", journey: Journey) -> Trip:
        from latentscape.workflows.explore.judged_way import (
            faded_frames,
            legs_of,
            numbers_of,
            series_of,
            verdict_of,
        )
        from latentscape.workflows.key_frames import frames_of_keys
        from latentscape.workflows.opening import require_finite

        keys = self.stored.latents[list(journey.rows)].reshape(-1, *self.stored.latent_shape)
        way = self._way(keys, journey)
        frames = self.judge.frames(way[None])[0]
        require_finite(self.live.model.name, frames, "decodes")
        stops = frames_of_keys(keys, way)
        legs = legs_of(self.judge, way, frames, stops)
        verdict, why, pattern = verdict_of(legs)
        latents = np.ascontiguousarray(way.reshape(len(way), -1), np.float32)
        images = _images(frames)
        travel = Travel(
            rows=journey.rows,
            method=journey.method,
            n_steps=journey.n_steps,
            key_steps=stops,
            places=_places(exhibit, latents),
            series=series_of(legs, self.judge.net.facts.words),
            numbers=numbers_of(legs),
            verdict=verdict,
            verdict_words=why,
            pattern=pattern,
        )
        originals = images[list(stops)]
        if exhibit.abilities["images"].possible:
            originals = exhibit.images(journey.rows, "original", None)
        return Trip(travel, latents, images, _images(faded_frames(legs)), originals)

    def _way(self, keys: np.ndarray, journey: Journey) -> np.ndarray:
        """``steps *latent`` through the keys."""
        from latentscape.workflows.key_frames import SMOOTH, through_keys

        travel = None if journey.method in SMOOTH else self._interpolator(journey.method)
        run = through_keys(keys, method=journey.method, travel=travel)
        return run(keys[:1], keys[-1:], n_steps=journey.n_steps)[0]

    def _interpolator(self, method: str) -> "Interpolator":
        """Bound to what surrounds the ends, made once: a graph is built when first asked."""
        if method not in self._ways:
            from latentscape.trajectories import interpolator_named
            from latentscape.workflows.surroundings import surroundings_among

            around = surroundings_among(self._around, self.live.model, method, seed=self.seed)
            self._ways[method] = interpolator_named(method, around)
        return self._ways[method]

    @cached_property
    def _rows(self) -> np.ndarray:
        """Rows of the samples that a way is held against: a seeded choice of many."""
        most = max(2, min(MOST_LATENTS, MOST_VALUES // self.stored.size))
        rows = np.random.default_rng(self.seed).permutation(len(self.stored))[:most]
        return np.sort(rows)

    @cached_property
    def _around(self) -> np.ndarray:
        """Their latents, ``n *latent``."""
        return self.stored.latents[self._rows].reshape(-1, *self.stored.latent_shape)

    @cached_property
    def judge(self) -> "Judge":
        """What judges ways of this run; style is read by SqueezeNet, untrained if need be."""
        from latentscape.nn.squeezenet import SQUEEZENET_WEIGHTS
        from latentscape.nn.style_nets import style_net
        from latentscape.trajectories import Crowd
        from latentscape.trajectories.style_presets import preset_named
        from latentscape.workflows.measure.judging import N_LEVEL, Judge

        preset = preset_named("gatys")
        net = style_net(
            "squeezenet" if SQUEEZENET_WEIGHTS.find() else "random-squeezenet",
            layers=preset.layers, pool=preset.pool, seed=self.seed, n_draws=N_DRAWS,
        )  # fmt: skip
        stored, size = self.stored, int(np.prod(self.live.model.autoencoder.image_shape))
        crowd = Crowd(
            sample_ids=stored.sample_ids[self._rows],
            labels=stored.labels[self._rows],
            class_names=stored.class_names,
            encode=lambda: self._around,
            prior_matched=stored.prior_matched,
        )
        n_level = int(np.clip(LEVEL_PIXELS // size, 16, N_LEVEL))
        return Judge(self.live.model, crowd, net, n_level=n_level, seed=self.seed)


def _places(
    exhibit: "OpenExhibit", latents: np.ndarray
) -> dict[str, tuple[tuple[float, float], ...]]:
    """Where the way lies on each map that can place latents."""
    return {
        card.name: tuple((float(x), float(y)) for x, y in exhibit.place(card.name, latents))
        for card in exhibit.maps
        if card.placing_words
    }


def _images(frames: "Tensor") -> np.ndarray:
    """uint8 ``k height width channels`` of frames in [0, 1], ``k channels height width``."""
    from latentscape.workflows.opening import as_bytes

    return as_shown(as_bytes(frames))

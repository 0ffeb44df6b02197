"""Longer shots in latents and pixels: how they go, and where on the plane of all frames."""

from collections.abc import Iterator

import numpy as np

from latentscape.errors import UndefinedError
from latentscape.motion.resampled import Draws, draws_for
from latentscape.motion.shots import FEWEST_FRAMES, course, sequences, shuffled_order
from latentscape.motion.summary import course_row
from latentscape.projection import PCA
from latentscape.records.motion import MotionPlane, ShotTable
from latentscape.workflows.motion.subject import MotionSubject

LONGEST = 48  # frames of a piece: what is held in memory at once
MOST_SHOTS = 500
MOST_CROWD, FIT_VALUES = 1_000, 1 << 24
MOST_COURSES = 24
SPACES = ("latents", "pixels", "latents shuffled", "pixels shuffled")


def pieces(subject: MotionSubject) -> list[np.ndarray]:
    """Rows of the longer shots, cut into pieces of at most 48 frames; shorter than four, none."""
    found = []
    for chain in sequences(subject.triplets.rows):
        n_pieces = -(-len(chain) // LONGEST)
        found += [part for part in np.array_split(chain, n_pieces) if len(part) >= FEWEST_FRAMES]
    return found


def shot_table(subject: MotionSubject) -> ShotTable:
    """Curvature, straightness and roughness of the longer shots, beside their shuffled order.

    Above 500 pieces, 500 evenly through them.

    Raises:
        UndefinedError: If no shot has four frames at equal steps.
    """
    told = _evenly(pieces(subject), MOST_SHOTS)
    numbers: dict[str, list[float]] = {}
    kept: list[np.ndarray] = []
    for k, rows in enumerate(told):
        try:
            found = dict(_courses(subject, rows, k))
        except UndefinedError:  # nothing moves in it
            continue
        kept.append(rows)
        for name, value in found.items():
            numbers.setdefault(name, []).append(value)
    if not kept:
        raise UndefinedError("no shot has four frames at equal steps, one of which moves")
    columns = {name: np.array(values) for name, values in numbers.items()}
    shots = np.array([_shot_of(subject, rows) for rows in kept])
    draws = _draws_of(subject, kept)
    rows = [
        course_row(
            space,
            {
                name.removeprefix(f"{space} "): column
                for name, column in columns.items()
                if name.rpartition(" ")[0] == space
            },
            draws,
            beside="" if space == "latents" else "latents",
        )
        for space in SPACES
    ]
    return ShotTable(
        rows=(rows[0],),
        baselines=tuple(rows[1:]),
        names=tuple(shots.tolist()),
        frames=np.array([len(one) for one in kept]),
        numbers=columns,
    )


def motion_plane(subject: MotionSubject) -> MotionPlane:
    """Courses of shots (of triplets, where no shot is longer) on the plane of all frames.

    The axes are the principal ones of up to 1,000 frames from all over the data, never of the
    courses: those of a smooth course alone are waves, whatever the course.

    Raises:
        UndefinedError: If latents have fewer than two dimensions.
    """
    n_values = int(np.prod(subject.latent_shape))
    if n_values < 2:
        raise UndefinedError("a latent of one dimension has no plane")
    rows = np.unique(subject.triplets.rows)
    most = int(np.clip(FIT_VALUES // n_values, 50, MOST_CROWD))
    chosen = np.random.default_rng(subject.seed).permutation(rows)[:most]
    crowd = subject.latents_of_rows(np.sort(chosen)).reshape(len(chosen), -1)
    pca = PCA(seed=subject.seed)
    positions = pca.fit_transform(crowd)
    longer, ids = pieces(subject), subject.subject.images.sample_ids
    courses = _evenly(longer or list(subject.triplets.rows), MOST_COURSES)
    placed = [
        pca.transform(subject.latents_of_rows(one).reshape(len(one), -1)).astype(np.float32)
        for one in courses
    ]
    return MotionPlane(
        explained=pca.explained,
        crowd=np.asarray(positions, np.float32),
        courses=tuple(placed),
        names=tuple(_shot_of(subject, one) for one in courses),
        frame_ids=tuple(tuple(map(str, ids[one])) for one in courses),
        of_shots=bool(longer),
        n_fitted=len(chosen),
    )


def _courses(subject: MotionSubject, rows: np.ndarray, k: int) -> Iterator[tuple[str, float]]:
    """The numbers of one piece in each space, by name."""
    order = shuffled_order(len(rows), seed=(subject.seed, k))
    pixels = subject.subject.as_bytes(rows).astype(np.float32) / 255
    for space, points in (("latents", subject.latents_of_rows(rows)), ("pixels", pixels)):
        for null, shown in (("", points), (" shuffled", points[order])):
            for name, value in course(shown)._asdict().items():
                yield f"{space}{null} {name}", value


def _draws_of(subject: MotionSubject, chains: list[np.ndarray]) -> Draws:
    """Resamples of the pieces by the film, or scene, of the triplets that they are made of."""
    told = subject.triplets
    place = np.zeros(len(subject.subject.images), np.int64)
    place[told.rows.reshape(-1)] = np.repeat(np.arange(len(told)), 3)
    which = place[np.array([chain[0] for chain in chains])]
    return draws_for(told.take(which), seed=subject.seed, of="pieces of shots")


def _shot_of(subject: MotionSubject, rows: np.ndarray) -> str:
    groups = subject.subject.images.groups
    return "" if groups is None else str(groups[rows[0]])


def _evenly(things: list[np.ndarray], most: int) -> list[np.ndarray]:
    places = np.unique(np.linspace(0, len(things) - 1, min(most, len(things))).round().astype(int))
    return [things[k] for k in places]

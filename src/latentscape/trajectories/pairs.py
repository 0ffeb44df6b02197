"""Which pairs of samples to travel between."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from latentscape.errors import UsageError, nearest
from latentscape.trajectories.crowd import Chosen, Crowd
from latentscape.trajectories.pairs_by_distance import (
    farthest_pairs,
    nearest_across_pairs,
    nearest_pairs,
)
from latentscape.trajectories.pairs_by_place import (
    class_difference_pairs,
    cluster_centre_pairs,
    data_prior_pairs,
    principal_axis_pairs,
    prior_prior_pairs,
    probe_normal_pairs,
)


@dataclass(frozen=True)
class Pairs(Chosen):
    """Pairs of ends, and how they were chosen.

    Attributes:
        criterion: Its name in `CRITERIA`, or ``listed``.
        seed: Seed of the choice.
    """

    criterion: str = ""
    seed: int = 0

    def __len__(self) -> int:
        return len(self.rows)


def choose_pairs(criterion: str | Sequence[str], crowd: Crowd, *, n_pairs: int, seed: int) -> Pairs:
    """Choose pairs by a criterion, or take listed ones.

    Classes take turns, so that a few pairs show many classes. No pair comes twice; there are
    fewer than `n_pairs` where there are no more to be had.

    Args:
        criterion: A name in `CRITERIA`, or pairs ``"idA:idB"``.
        crowd: The samples to choose among.
        n_pairs: How many, at most; listed pairs are all taken.
        seed: Seed of the choice.

    Raises:
        UsageError: If the criterion or an identity is unknown, or no such pair exists.
    """
    if not isinstance(criterion, str):
        rows = listed_pairs(criterion, crowd.sample_ids)
        return Pairs(rows, criterion="listed", seed=seed)
    if ":" in criterion:
        return choose_pairs(criterion.split(","), crowd, n_pairs=n_pairs, seed=seed)
    require_criterion(criterion)
    if n_pairs < 1:
        raise UsageError(f"{n_pairs} pairs are none", "give at least 1 pair")
    if len(crowd) < 2:
        raise UsageError(f"{len(crowd)} sample makes no pair", "choose a larger split")
    found = CRITERIA[criterion](crowd, n_pairs, np.random.default_rng(seed))
    return Pairs(found.rows, found.ends, found.names, criterion=criterion, seed=seed)


def require_criterion(name: str) -> None:
    """Check that pairs can be chosen by a criterion of that name.

    Raises:
        UsageError: If not; the hint names the nearest.
    """
    if name not in CRITERIA:
        raise UsageError(
            f"there is no way to choose pairs called {name!r}",
            f"{nearest(name, CRITERIA)}, or pairs of sample ids as idA:idB",
        )


def random_pairs(crowd: Crowd, n_pairs: int, rng: np.random.Generator) -> Chosen:
    """Any two different samples."""
    rows = np.arange(len(crowd))
    return _take_turns([(rows, rows)], n_pairs, rng)


def same_class_pairs(crowd: Crowd, n_pairs: int, rng: np.random.Generator) -> Chosen:
    """Two different samples of one class."""
    members = [rows for rows in crowd.members if len(rows) > 1]
    if not members:
        raise UsageError(
            "no class has two samples to travel between", "choose pairs at random instead"
        )
    return _take_turns([(rows, rows) for rows in members], n_pairs, rng)


def different_class_pairs(crowd: Crowd, n_pairs: int, rng: np.random.Generator) -> Chosen:
    """Two samples of different classes."""
    members = crowd.members
    if len(members) < 2:
        raise UsageError(
            "all samples are of one class: no pair differs in class",
            "choose pairs of the same class, or at random",
        )
    order = rng.permutation(len(members))
    # Class i goes to class i + shift: every class comes up before any comes twice.
    turns = [
        (members[order[i]], members[order[(i + shift) % len(members)]])
        for shift in range(1, len(members))
        for i in range(len(members))
    ]
    return _take_turns(turns, n_pairs, rng, shuffle=False)


def listed_pairs(listed: Sequence[str], sample_ids: np.ndarray) -> np.ndarray:
    """Pairs named as ``idA:idB``; identities may hold colons themselves."""
    row_of = {str(name): row for row, name in enumerate(sample_ids)}
    rows = [_read_pair(text.strip(), row_of) for text in listed if text.strip()]
    if not rows:
        raise UsageError("the list of pairs is empty", "give pairs of sample ids as idA:idB")
    return np.asarray(rows, np.int64)


def _read_pair(text: str, row_of: dict[str, int]) -> tuple[int, int]:
    colons = [place for place, letter in enumerate(text) if letter == ":"]
    if not colons:
        raise UsageError(f"{text!r} is not a pair", "write it as idA:idB")
    for place in colons:
        start, end = text[:place].strip(), text[place + 1 :].strip()
        if start in row_of and end in row_of:
            return row_of[start], row_of[end]
    start, end = text[: colons[0]].strip(), text[colons[0] + 1 :].strip()
    one, other = rows_named((start, end), row_of)
    return one, other


def rows_named(names: Sequence[str], row_of: Mapping[str, int]) -> list[int]:
    """The row of each named sample.

    Raises:
        UsageError: If one is not among them; the hint names those that look like it.
    """
    for name in names:
        if name not in row_of:
            near = get_close_matches(name, row_of, n=3) or list(row_of)[:3]
            raise UsageError(
                f"there is no sample {name!r} in this split", f"ids look like {', '.join(near)}"
            )
    return [row_of[name] for name in names]


def _take_turns(
    turns: list[tuple[np.ndarray, np.ndarray]],
    n_pairs: int,
    rng: np.random.Generator,
    *,
    shuffle: bool = True,
) -> Chosen:
    """Draw one pair from each turn, again and again, until there are enough.

    A turn from which many draws bring nothing new is taken to be used up.
    """
    chosen: dict[tuple[int, int], None] = {}
    left = [turns[i] for i in rng.permutation(len(turns))] if shuffle else list(turns)
    while left and len(chosen) < n_pairs:
        still = []
        for starts, ends in left:
            if len(chosen) == n_pairs:
                break
            pair = _draw(starts, ends, chosen, rng)
            if pair is not None:
                chosen[pair] = None
                still.append((starts, ends))
        left = still
    return Chosen(np.asarray(list(chosen), np.int64))


def _draw(
    starts: np.ndarray,
    ends: np.ndarray,
    chosen: dict[tuple[int, int], None],
    rng: np.random.Generator,
) -> tuple[int, int] | None:
    for _ in range(100):
        start, end = int(rng.choice(starts)), int(rng.choice(ends))
        if start != end and (start, end) not in chosen and (end, start) not in chosen:
            return start, end
    return None


Criterion = Callable[[Crowd, int, np.random.Generator], Chosen]
CRITERIA: dict[str, Criterion] = {
    "random": random_pairs,
    "same-class": same_class_pairs,
    "different-class": different_class_pairs,
    "nearest": nearest_pairs,
    "farthest": farthest_pairs,
    "nearest-across-classes": nearest_across_pairs,
    "cluster-centres": cluster_centre_pairs,
    "principal-axis": principal_axis_pairs,
    "class-difference": class_difference_pairs,
    "probe-normal": probe_normal_pairs,
    "prior-prior": prior_prior_pairs,
    "data-prior": data_prior_pairs,
}

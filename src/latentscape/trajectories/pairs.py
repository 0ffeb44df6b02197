"""Which pairs of samples to travel between."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from latentscape.errors import UsageError


@dataclass(frozen=True)
class Pairs:
    """Pairs of samples, and how they were chosen.

    Attributes:
        rows: (n, 2) row numbers of start and end.
        criterion: ``random``, ``same-class``, ``different-class`` or ``listed``.
        seed: Seed of the choice.
    """

    rows: np.ndarray
    criterion: str
    seed: int


def choose_pairs(
    criterion: str | Sequence[str],
    *,
    sample_ids: np.ndarray,
    labels: np.ndarray,
    n_pairs: int,
    seed: int,
) -> Pairs:
    """Choose pairs by a criterion, or take listed ones.

    Classes take turns, so that a few pairs show many classes. No pair comes twice; there are
    fewer than `n_pairs` where there are no more to be had.

    Args:
        criterion: ``random``, ``same-class``, ``different-class``, or pairs ``"idA:idB"``.
        sample_ids: (n,) identity of each row.
        labels: (n,) integer class of each row, −1 where unknown.
        n_pairs: How many, at most; listed pairs are all taken.
        seed: Seed of the choice.

    Raises:
        UsageError: If the criterion or an identity is unknown, or no such pair exists.
    """
    if not isinstance(criterion, str):
        return Pairs(listed_pairs(criterion, sample_ids), "listed", seed)
    if ":" in criterion:
        return Pairs(listed_pairs(criterion.split(","), sample_ids), "listed", seed)
    if criterion not in CRITERIA:
        raise UsageError(
            f"there is no way to choose pairs called {criterion!r}",
            f"one of {', '.join(CRITERIA)}, or pairs of sample ids as idA:idB",
        )
    if n_pairs < 1:
        raise UsageError(f"{n_pairs} pairs are none", "give at least 1 pair")
    if len(sample_ids) < 2:
        raise UsageError(f"{len(sample_ids)} sample makes no pair", "choose a larger split")
    rng = np.random.default_rng(seed)
    return Pairs(CRITERIA[criterion](labels, n_pairs, rng), criterion, seed)


def random_pairs(labels: np.ndarray, n_pairs: int, rng: np.random.Generator) -> np.ndarray:
    """Any two different samples."""
    rows = np.arange(len(labels))
    return _take_turns([(rows, rows)], n_pairs, rng)


def same_class_pairs(labels: np.ndarray, n_pairs: int, rng: np.random.Generator) -> np.ndarray:
    """Two different samples of one class."""
    members = [rows for rows in _by_class(labels) if len(rows) > 1]
    if not members:
        raise UsageError(
            "no class has two samples to travel between", "choose pairs at random instead"
        )
    return _take_turns([(rows, rows) for rows in members], n_pairs, rng)


def different_class_pairs(labels: np.ndarray, n_pairs: int, rng: np.random.Generator) -> np.ndarray:
    """Two samples of different classes."""
    members = _by_class(labels)
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
    rows = [_read_pair(text.strip(), row_of) for text in listed]
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
    unknown = end if start in row_of else start
    near = get_close_matches(unknown, row_of, n=3) or list(row_of)[:3]
    raise UsageError(
        f"there is no sample {unknown!r} in this split", f"ids look like {', '.join(near)}"
    )


def _by_class(labels: np.ndarray) -> list[np.ndarray]:
    known = np.unique(labels[labels >= 0])
    if len(known) == 0:
        raise UsageError("these images have no classes to choose pairs by", "use random pairs")
    return [np.flatnonzero(labels == label) for label in known]


def _take_turns(
    turns: list[tuple[np.ndarray, np.ndarray]],
    n_pairs: int,
    rng: np.random.Generator,
    *,
    shuffle: bool = True,
) -> np.ndarray:
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
    return np.asarray(list(chosen), np.int64)


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


CRITERIA: dict[str, Callable[[np.ndarray, int, np.random.Generator], np.ndarray]] = {
    "random": random_pairs,
    "same-class": same_class_pairs,
    "different-class": different_class_pairs,
}

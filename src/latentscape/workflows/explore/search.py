"""Finding samples: by identity, class or group, and by nearness in the latent space."""

from typing import Any

import numpy as np

from latentscape.records.exhibit import Found
from latentscape.workflows.explore.stored import Stored

N_NEIGHBOURS = 8


def found_by(text: str, stored: Stored, *, limit: int) -> Found:
    """Samples whose identity, class or group has a text in it, capitals or not; best first.

    First those whose identity is the text, then those of the class of that name, then those whose
    identity begins with it, whose class does, whose identity has it in it, whose class has, whose
    group has; among equals in their order.
    """
    text, labels = text.strip(), stored.labels
    if not text:
        return Found(rows=(), sample_ids=(), n=0)
    ids, classes, groups = stored.ids, _classes(stored), stored.group_texts
    tests = [
        (ids, None, "is"),
        (classes, labels, "is"),
        (ids, None, "begins"),
        (classes, labels, "begins"),
        (ids, None, "holds"),
        (classes, labels, "holds"),
        (groups, None, "holds"),
    ]
    rank = np.full(len(stored), len(tests), np.int8)
    for worth in reversed(range(len(tests))):
        texts, codes, how = tests[worth]
        if len(texts):
            hits = _hits(texts, text, how=how)
            rank[hits if codes is None else np.append(hits, False)[codes]] = worth
    best = np.flatnonzero(rank < len(tests))
    shown = best[np.argsort(rank[best], kind="stable")][: max(0, limit)]
    return Found(
        rows=tuple(shown.tolist()),
        sample_ids=tuple(stored.sample_ids[shown].tolist()),
        n=len(best),
    )


def _classes(stored: Stored) -> np.ndarray:
    """A name for every label there is; its number where it has none."""
    highest = int(stored.labels.max(initial=-1))
    names = list(stored.class_names)
    return np.array([*names, *(str(code) for code in range(len(names), highest + 1))], str)


def _hits(texts: Any, text: str, *, how: str) -> np.ndarray:
    import pyarrow as pa
    import pyarrow.compute

    pc: Any = pyarrow.compute  # its functions are made when it is imported
    texts = pa.array(texts, pa.string())
    if how == "is":
        small = pc.utf8_lower(texts)
        return pc.equal(small, text.lower()).to_numpy(zero_copy_only=False)
    match = pc.starts_with if how == "begins" else pc.match_substring
    return match(texts, text, ignore_case=True).to_numpy(zero_copy_only=False)


def neighbours_of(
    latent: np.ndarray, stored: Stored, *, but: int | None = None
) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """The samples nearest to a latent (D,), and the distances to them.

    Args:
        latent: Of anything.
        stored: The samples.
        but: A row that is left out.
    """
    k = min(N_NEIGHBOURS + (but is not None), len(stored))
    near, distances = stored.nearest(latent[None], k)
    keep = near[0] != (-1 if but is None else but)
    rows, far = near[0][keep][:N_NEIGHBOURS], distances[0][keep][:N_NEIGHBOURS]
    return tuple(rows.tolist()), tuple(far.tolist())

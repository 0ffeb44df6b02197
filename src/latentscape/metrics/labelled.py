"""Latents with labels, and the same with labels permuted: what class measures are computed on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from latentscape.errors import ShapeError, UndefinedError
from latentscape.metrics.interval import LEVEL
from latentscape.records import Reference

MAX_AXES = 128
N_PERMUTED = 100


@dataclass(frozen=True)
class Labelled:
    """The labelled samples of a cloud of latents.

    Attributes:
        rows: (n, d) latents.
        axes: (n, a) the same, centred, in double precision; above 128 dimensions their first
            128 principal axes.
        labels: (n,) class of each, 0 to c − 1.
        names: (c,) of the classes that have samples.
        codes: (c,) the classes' integers before they were counted through.
        groups: (n,) clip, artist or source of each; None where there are none.
        places: (n,) row of each among all samples, unlabelled ones too.
        axes_words: What ``axes`` are, where they are not the latents themselves.
    """

    rows: np.ndarray
    axes: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]
    codes: tuple[int, ...]
    groups: np.ndarray | None
    places: np.ndarray
    axes_words: str = ""

    @classmethod
    def of(
        cls,
        rows: np.ndarray,
        labels: np.ndarray,
        class_names: tuple[str, ...],
        *,
        groups: np.ndarray | None = None,
        seed: int = 0,
    ) -> "Labelled":
        """Those of ``n *latent`` rows whose label is not −1.

        Raises:
            ShapeError: If rows, labels and groups differ in length.
        """
        if len(labels) != len(rows) or (groups is not None and len(groups) != len(rows)):
            raise ShapeError(f"{len(rows)} latents need as many labels and groups")
        flat = np.asarray(rows).reshape(len(rows), -1)
        places = np.flatnonzero(np.asarray(labels) >= 0)
        if len(places) < len(flat):
            flat = flat[places]
        codes, compact = np.unique(np.asarray(labels)[places], return_inverse=True)
        axes, words = _axes(flat, seed)
        return cls(
            rows=flat,
            axes=axes,
            labels=compact.reshape(-1).astype(np.int64),
            names=tuple(class_names[c] if c < len(class_names) else str(c) for c in codes.tolist()),
            codes=tuple(codes.tolist()),
            groups=None if groups is None else np.asarray(groups)[places],
            places=places,
            axes_words=words,
        )

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def sizes(self) -> np.ndarray:
        """(c,) samples a class."""
        return np.bincount(self.labels, minlength=len(self.names))

    def take(self, places: np.ndarray) -> "Labelled":
        """Some of the samples; classes keep their numbers even where none of theirs is left."""
        return replace(
            self,
            rows=self.rows[places],
            axes=self.axes[places],
            labels=self.labels[places],
            groups=None if self.groups is None else self.groups[places],
            places=self.places[places],
        )

    def some(self, most: int, *, seed: int) -> "Labelled":
        """At most so many, a seeded choice; all of them where they are not more."""
        if len(self) <= most:
            return self
        return self.take(np.sort(np.random.default_rng(seed).permutation(len(self))[:most]))

    def require_classes(self) -> None:
        """Refuse what no class measure is defined on.

        Raises:
            UndefinedError: If no sample has a label, all are of one class, each class has but one
                sample, or all latents are one point.
        """
        why = self._why_none()
        if why:
            raise UndefinedError(why, "measure images of several classes, several of each")

    def _why_none(self) -> str:
        if not len(self):
            return "no sample has a label"
        if len(self.names) < 2:
            return f"all labelled samples are of one class, {', '.join(self.names)}"
        if self.sizes.max() < 2:
            return "no class has more than one sample"
        if not np.ptp(self.rows, axis=0).any():
            return "all latents are one point"
        return ""


def permuted(labelled: Labelled, *, n: int, seed: int) -> Iterator[np.ndarray]:
    """The labels in random order, `n` times; between whole groups where a group has one label."""
    rng = np.random.default_rng(seed)
    labels, groups = labelled.labels, labelled.groups
    if _one_label_a_group(labelled) and groups is not None:
        _, first, group = np.unique(groups, return_index=True, return_inverse=True)
        for _ in range(n):
            yield rng.permutation(labels[first])[group.reshape(-1)]
        return
    for _ in range(n):
        yield rng.permutation(labels)


def null_reference(
    values: Iterable[float], labelled: Labelled, *, seed: int, words: str = ""
) -> Reference | None:
    """What the measure comes to where labels say nothing: mean and 95 % range of the draws.

    None where each class is one whole group: permuting those changes nothing but names.
    """
    if _one_label_a_group(labelled) and not crosses_groups(labelled):
        return None
    drawn = np.fromiter(values, np.float64)
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    between = " between groups" if _one_label_a_group(labelled) else ""
    told = f"labels permuted{between} {len(drawn)} times (seed {seed}), {100 * LEVEL:g} % range"
    return Reference(
        value=float(drawn.mean()), low=float(low), high=float(high), words=told + words
    )


def crosses_groups(labelled: Labelled) -> bool:
    """Whether some class has samples of more than one group; yes where there are no groups."""
    if labelled.groups is None:
        return True
    group = np.unique(labelled.groups, return_inverse=True)[1].reshape(-1)
    both = np.unique(np.stack([labelled.labels, group]), axis=1)[0]
    return bool(np.bincount(both).max(initial=0) > 1)


def _one_label_a_group(labelled: Labelled) -> bool:
    if labelled.groups is None:
        return False
    _, first, group = np.unique(labelled.groups, return_index=True, return_inverse=True)
    return bool((labelled.labels[first][group.reshape(-1)] == labelled.labels).all())


def unit_scale(axes: np.ndarray) -> np.ndarray:
    """One factor for all axes (n, a), so that tolerances of the libraries fit any scale."""
    return axes / np.sqrt(np.square(axes).sum(1).mean() / axes.shape[1])


def _axes(rows: np.ndarray, seed: int) -> tuple[np.ndarray, str]:
    n, d = rows.shape
    if not n:
        return np.zeros((0, d)), ""
    if d <= MAX_AXES:
        return rows - rows.mean(0, dtype=np.float64), ""
    from sklearn.decomposition import PCA

    n_axes = min(MAX_AXES, n)
    fitted = PCA(n_axes, svd_solver="randomized", random_state=seed)
    if not np.ptp(rows, axis=0).any():
        return np.zeros((n, n_axes)), ""
    axes = fitted.fit_transform(rows).astype(np.float64)
    share = 100 * float(fitted.explained_variance_ratio_.sum())
    words = f"on the first {n_axes} of {d:,} principal axes, {share:.3g} % of the variance"
    return axes, words

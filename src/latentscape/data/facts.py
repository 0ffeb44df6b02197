"""What can be said of a set of images: its fingerprint, and a table of facts."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator

import numpy as np

from latentscape.data.cut_scenes import cut_scenes, shared_scenes
from latentscape.data.image_set import DataConfig, ImageSet
from latentscape.data.split import split_rows
from latentscape.errors import DataError

_BLOCK = 16 * 1024**2  # bytes of images in hand at a time


def fingerprint(images: ImageSet) -> str:
    """sha256 over shape, pixels, identities, labels, groups and the rule; 64 hex digits.

    Pixels are read a chunk at a time, so a memory map stays on disk. Two sets with the same
    fingerprint are the same images in the same order, made by the same rule.
    """
    digest = hashlib.sha256(repr(("latentscape images 1", images.images.shape)).encode())
    for block in _blocks(images):
        digest.update(block.data)
    for column in (images.sample_ids, images.groups, images.official):
        text = "" if column is None else "\n".join(column.astype(str).tolist())
        digest.update(hashlib.sha256(text.encode()).digest())
    digest.update(np.ascontiguousarray(images.labels, dtype="<i8").data)
    digest.update(json.dumps([images.class_names, images.rule], sort_keys=True).encode())
    return digest.hexdigest()


def describe(
    images: ImageSet, config: DataConfig | None = None
) -> dict[str, str | int | float | None]:
    """The facts that `latentscape info DATA` prints, in the order in which one asks for them.

    Args:
        images: The images.
        config: If given, the sizes of the splits that it makes stand among the facts.

    Returns:
        Plain values by name. Mean and standard deviation are of pixels in [0, 1], over all
        channels.
    """
    mean, std = _moments(images)
    facts: dict[str, str | int | float | None] = {
        "name": images.name,
        "images": len(images),
        "shape (height×width×channels)": str(images.shape),
        "classes": _counted(images),
        "groups": None if images.groups is None else len(np.unique(images.groups)),
        "motion triplets": _in_motion(images),
        "factors": ", ".join(images.factor_names) or None,
        "pixel mean, in [0, 1]": mean,
        "pixel standard deviation": std,
        "nearly binary": _nearly_binary(images, std),
        "files skipped": len(images.skipped),
    }
    for skipped in images.skipped[:10]:
        facts[f"skipped {skipped.path}"] = skipped.reason
    facts["rule"] = "; ".join(f"{k} {v}" for k, v in images.rule.items() if v not in (None, False))
    if images.official is not None:
        names, counts = np.unique(images.official, return_counts=True)
        facts["own split"] = ", ".join(f"{a} {b}" for a, b in zip(names, counts, strict=True))
        facts |= _shared(images, images.official)
    if config is not None:
        try:
            rows = split_rows(images, config)
            facts["split"] = ", ".join(f"{name} {len(rows[name])}" for name in rows)
        except DataError as error:
            facts["split"] = f"none: {error.message}"
    facts["memory"] = "mapped from disk" if isinstance(images.images, np.memmap) else "in memory"
    facts["fingerprint"] = images.fingerprint
    return facts


def _counted(images: ImageSet) -> str | None:
    labels, counts = np.unique(images.labels, return_counts=True)
    if labels.tolist() == [-1]:
        return None
    names = [images.class_names[k] if k >= 0 else "(unknown)" for k in labels]
    return ", ".join(f"{a} {b}" for a, b in zip(names, counts, strict=True))


def _nearly_binary(images: ImageSet, std: float) -> str:
    if std == 0:
        return "cannot be told: all pixels are the same"
    return "yes" if images.is_nearly_binary() else "no"


def _in_motion(images: ImageSet) -> str | None:
    """How many triplets, of how many scenes (where they are known, else shots) and films."""
    motion = images.motion
    if motion is None:
        return None
    parts = [f"scenes: {len(set(motion.scenes))}"]
    if "scene" not in motion.notes and images.groups is not None:
        shots = len(np.unique(images.groups))
        parts = [f"shots: {shots}"]
        if without := shots - len(set(motion.shots)):
            parts = [f"shots: {shots}, of which without a triplet: {without}"]
    if len(motion):
        parts.append(f"films: {len(set(motion.films))}")
    parts += [f"left out as {reason}: {count}" for reason, count in motion.left_out.items()]
    return f"{len(motion)} ({', '.join(parts)})"


def _shared(images: ImageSet, official: np.ndarray) -> dict[str, str | int | float | None]:
    """Scenes that a set's own split cuts: which they are, and what that means for each part."""
    cut, n = cut_scenes(images)
    if images.motion is None or not cut:
        return {}
    scenes, side = images.motion.notes["scene"], official[images.motion.rows[:, 0]]
    told = []
    for scene in cut[:10]:
        parts = sorted(Counter(side[scenes == scene].tolist()).items())
        told.append(f"{scene} ({', '.join(f'{part} {count}' for part, count in parts)})")
    words = "; ".join([*told, *(["and more"] if len(cut) > 10 else [])])
    facts: dict[str, str | int | float | None] = {
        "scenes in several splits": f"{len(cut)} of {n}, triplets in each: {words}"
    }
    for shared in shared_scenes(images.motion.names, scenes, side):
        facts[f"{shared.part} beside {shared.other}"] = str(shared)
    return facts


def _blocks(images: ImageSet) -> Iterator[np.ndarray]:
    each = max(1, _BLOCK // max(1, images.images[:1].nbytes))
    for start in range(0, len(images), each):
        yield np.ascontiguousarray(images.images[start : start + each])


def _moments(images: ImageSet) -> tuple[float, float]:
    """Mean and standard deviation of all pixels, from exact integer sums."""
    levels = np.zeros(256, np.int64)
    for block in _blocks(images):
        levels += np.bincount(block.reshape(-1), minlength=256)
    value = np.arange(256) / 255
    share = levels / max(1, levels.sum())
    mean = float(share @ value)
    return mean, float(np.sqrt(share @ (value - mean) ** 2))

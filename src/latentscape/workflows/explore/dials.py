"""Dials: directions of the latent space that tell something, and how far samples lie along them."""

import numpy as np

from latentscape.records.exhibit import DialCard, Dials
from latentscape.workflows.explore.stored import Stored

MOST_LATENTS = 256  # numbers a latent; above, principal axes stand in
MOST_AXES = 16
MOST_CLASSES = 64
N_SEEN = 100_000
QUANTILES = (0.01, 0.99)
VARIANCE, NAT, APART = "variance", "nat", "standard deviations"


def dials_of(stored: Stored) -> tuple[Dials, np.ndarray, np.ndarray]:
    """Every latent of a vector, principal axes, and a direction for each class.

    Latents go by rate (mean KL, nats; by variance where the posterior is a point), axes by
    variance, classes by how far the class's mean lies from that of the rest along the direction
    from one to the other, in standard deviations within the two. Of more than 100,000 samples a
    seeded choice is looked at.

    Returns:
        The dials, their directions ``k D`` of unit length, and the mean (D,) of the latents, all
        float32.
    """
    n = len(stored)
    seen = np.arange(n)
    if n > N_SEEN:
        seen = np.sort(np.random.default_rng(0).choice(n, N_SEEN, replace=False))
    latents = stored.latents[seen].astype(np.float64)
    centre = latents.mean(0)
    centred = latents - centre
    families = [
        *([_single(stored, seen, centred)] if _is_vector(stored) else []),
        _axes(centred),
        _classes(stored, stored.labels[seen], centred),
    ]
    cards = [card for family, _ in families for card in family]
    directions = np.concatenate([rows for _, rows in families])
    if len(cards):
        along = np.quantile(centred @ directions.T, QUANTILES, axis=0)
        cards = [
            card.model_copy(update={"low": float(low), "high": float(high)})
            for card, low, high in zip(cards, *along, strict=True)
        ]
    note = "" if _is_vector(stored) else (
        "One number of a latent this large means little alone, so there are axes and no latents."
    )  # fmt: skip
    dials = Dials(dials=tuple(cards), note=note)
    return dials, directions.astype(np.float32), centre.astype(np.float32)


Family = tuple[list[DialCard], np.ndarray]


def _is_vector(stored: Stored) -> bool:
    return len(stored.latent_shape) == 1 and stored.size <= MOST_LATENTS


def _single(stored: Stored, seen: np.ndarray, centred: np.ndarray) -> Family:
    """The latents themselves, those that carry most first."""
    rate, unit = centred.var(0), VARIANCE
    if stored.has_log_var:
        means, log_vars = stored.latents[seen], stored.log_vars(seen)
        rate = 0.5 * (np.square(means) + np.exp(log_vars) - 1 - log_vars).mean(0, dtype=np.float64)
        unit = NAT
    order = np.argsort(-rate, kind="stable")
    cards = [
        _card(f"z{j + 1}", f"latent {j + 1}", "latents", rate[j], unit=unit,
              meaning=f"latent {j + 1} alone; its zero is the samples' mean")
        for j in order.tolist()
    ]  # fmt: skip
    return cards, np.eye(stored.size)[order]


def _axes(centred: np.ndarray) -> Family:
    """Principal axes, the widest first; those along which nothing varies are left out."""
    n, size = centred.shape
    most = min(MOST_AXES, size, n - 1)
    if most < 1 or size == 1:
        return [], np.zeros((0, size))
    if size <= MOST_LATENTS:
        values, vectors = np.linalg.eigh(centred.T @ centred / n)
        variance, axes = values[::-1][:most], vectors.T[::-1][:most]
    else:
        from sklearn.utils.extmath import randomized_svd

        _, singular, axes = randomized_svd(centred, most, random_state=0)
        variance = np.square(singular) / n
    total = float(np.square(centred).sum()) / n
    real = variance > 1e-9 * max(total, 1e-300)
    largest = np.abs(axes).argmax(1)
    axes = axes * np.where(axes[np.arange(most), largest] < 0, -1.0, 1.0)[:, None]
    cards = [
        _card(f"axis{i + 1}", f"axis {i + 1}", "principal axes", variance[i], unit=VARIANCE,
              meaning=f"principal axis {i + 1}, along which {variance[i] / total:.0%} of the "
              "latents' variance lies")
        for i in np.flatnonzero(real).tolist()
    ]  # fmt: skip
    return cards, axes[real]


def _classes(stored: Stored, labels: np.ndarray, centred: np.ndarray) -> Family:
    """From the mean of all others to that of each class, the best told apart first."""
    found, rows = [], []
    codes, counts = np.unique(labels[labels >= 0], return_counts=True)
    known = labels >= 0
    for code in codes[np.argsort(-counts, kind="stable")][:MOST_CLASSES].tolist():
        inside, outside = labels == code, known & (labels != code)
        if inside.sum() < 2 or outside.sum() < 2:
            continue
        step = centred[inside].mean(0) - centred[outside].mean(0)
        length = float(np.linalg.norm(step))
        if length == 0:
            continue
        along = centred @ (step / length)
        n_in, n_out = int(inside.sum()), int(outside.sum())
        within = (n_in * along[inside].var() + n_out * along[outside].var()) / (n_in + n_out)
        apart = length / max(float(np.sqrt(within)), 1e-12 * length)
        name = stored.class_names[code] if code < len(stored.class_names) else str(code)
        found.append(
            _card(f"class{code}", f"more {name}", "attributes", apart, unit=APART,
                  meaning=f"from the mean of all other classes to that of {name}")
        )  # fmt: skip
        rows.append(step / length)
    order = sorted(range(len(found)), key=lambda i: -found[i].rate)
    return [found[i] for i in order], np.array(rows).reshape(-1, centred.shape[1])[order]


def _card(name: str, title: str, family: str, rate: float, *, unit: str, meaning: str) -> DialCard:
    return DialCard.model_validate(
        {"name": name, "title": title, "family": family, "low": 0.0, "high": 0.0,
         "rate": float(rate), "rate_unit": unit, "meaning": meaning}
    )  # fmt: skip

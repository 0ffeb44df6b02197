"""Columns: every number and category of a sample, by which a map may be coloured."""

import numpy as np

from latentscape.metrics.catalogue import CATALOGUE
from latentscape.records import MapRecord, ReconstructionRecord
from latentscape.records.exhibit import ColumnCard
from latentscape.workflows.explore.stored import Stored

MOST_LATENTS = 64  # numbers a latent, each of which is a column
MOST_GROUPS = 2_000
N_SEEN = 100_000  # values among which quantiles are looked up

ENTRIES = {"psnr": "psnr_mean"}  # a column's name to the catalogue's, where they differ
TITLES = {
    "mse": "squared error",
    "mae": "absolute error",
    "psnr": "PSNR",
    "ssim_std": "SSIM",
    "ssim_seed": "SSIM, uniform window",
    "ssim_atd": "SSIM, R = 2",
    "ms_ssim": "MS-SSIM",
    "lpips": "LPIPS",
    "lpips01": "LPIPS, inputs in [0, 1]",
    "elbo": "ELBO",
    "bits_per_dim": "bits per value",
}
MEANINGS = {
    "mse": "squared error of the reconstruction, mean over pixels",
    "mae": "absolute error of the reconstruction, mean over pixels",
    "psnr": "peak signal-to-noise ratio of the reconstruction",
}


class Columns:
    """Columns by name: their cards, and (n,) float32 values."""

    def __init__(self):
        self.cards: dict[str, ColumnCard] = {}
        self._values: dict[str, np.ndarray] = {}

    def __getitem__(self, name: str) -> np.ndarray:
        return np.ascontiguousarray(self._values[name], np.float32)

    def at(self, name: str, row: int) -> float:
        """One sample's value."""
        return float(self._values[name][row])

    def number(self, card: ColumnCard, values: np.ndarray) -> None:
        """Take in a number; values that are not finite count as missing."""
        values = np.asarray(values)
        finite = np.isfinite(values)
        n_missing = int(len(values) - finite.sum())
        if n_missing == len(values):
            return
        seen = values if not n_missing else values[finite]
        low, high = np.quantile(seen[:: -(-len(seen) // N_SEEN)], (0.01, 0.99))
        if n_missing:
            values = np.where(finite, values, np.nan)
        self.cards[card.name] = card.model_copy(
            update={"low": float(low), "high": float(high), "n_missing": n_missing}
        )
        self._values[card.name] = values

    def category(self, card: ColumnCard, codes: np.ndarray) -> None:
        """Take in a category; codes below 0 are unknown."""
        n_missing = int((codes < 0).sum())
        high = float(max(1, len(card.categories) - 1))
        self.cards[card.name] = card.model_copy(update={"high": high, "n_missing": n_missing})
        self._values[card.name] = codes


def columns_of(
    stored: Stored, *, reconstruction: ReconstructionRecord | None, maps: dict[str, tuple]
) -> Columns:
    """All columns of some samples.

    Args:
        stored: The samples.
        reconstruction: Of the same model, whose numbers are matched by identity.
        maps: By name, a map's record and the row of each of its points.
    """
    columns = Columns()
    _categories(columns, stored)
    _rates(columns, stored)
    if reconstruction is not None:
        _reconstruction(columns, stored, reconstruction)
    for name, (record, rows) in maps.items():
        _trust(columns, stored, name, record=record, rows=rows)
    _latents(columns, stored)
    return columns


def _categories(columns: Columns, stored: Stored) -> None:
    labels, names = stored.labels, stored.class_names
    highest = int(labels.max(initial=-1))
    if highest >= 0:
        names = (*names, *(str(code) for code in range(len(names), highest + 1)))
        card = ColumnCard(name="label", title="class", form="category", categories=names,
                          meaning="class of the image")  # fmt: skip
        columns.category(card, labels)
    for name, texts, meaning in (
        ("group", stored.groups, "clip, artist or source image that the sample comes from"),
        ("split", stored.splits, "split of the images that the sample is in"),
    ):
        found, codes = _coded(texts)
        if 1 < len(found) <= MOST_GROUPS:
            card = ColumnCard(name=name, title=name, form="category", categories=found,
                              meaning=meaning)  # fmt: skip
            columns.category(card, codes)


def _coded(texts: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    """Different texts in order, and the code of each row; −1 of an empty one."""
    import pyarrow as pa

    coded = pa.array(texts).dictionary_encode()
    found = np.asarray(coded.dictionary.to_pylist(), dtype=str)
    order = np.argsort(found)
    order = order[found[order] != ""]
    place = np.full(len(found), -1)
    place[order] = np.arange(len(order))
    return tuple(found[order].tolist()), place[coded.indices.to_numpy()]


def _rates(columns: Columns, stored: Stored) -> None:
    if not stored.has_log_var:
        return
    columns.number(_measured("rate"), rates(stored))


def rates(stored: Stored) -> np.ndarray:
    """(n,) KL(q(z|x) ‖ N(0, I)) of each sample, nats, summed over latents."""
    found = np.empty(len(stored), np.float32)
    for part in stored.parts():
        found[part] = rate_of(stored.latents[part], stored.log_vars(part))
    return found


def rate_of(means: np.ndarray, log_vars: np.ndarray) -> np.ndarray:
    """(k,) ½ Σ (μ² + σ² − 1 − ln σ²) of ``k D`` means and log variances, nats."""
    return 0.5 * (np.square(means) + np.exp(log_vars) - 1 - log_vars).sum(1, dtype=np.float64)


def _reconstruction(columns: Columns, stored: Stored, record: ReconstructionRecord) -> None:
    rows = stored.rows_of(record.sample_ids)
    known = rows >= 0
    for name, theirs in record.per_image.items():
        if name in columns.cards or len(theirs) != len(rows):
            continue
        values = np.full(len(stored), np.nan, np.float32)
        values[rows[known]] = theirs[known]
        columns.number(_measured(name), values)


def _measured(name: str) -> ColumnCard:
    """A card with the catalogue's unit and direction; bare where it does not know the name."""
    entry = CATALOGUE.get(ENTRIES.get(name, name))
    title = TITLES.get(name, name.replace("_", " "))
    if entry is None:
        return ColumnCard(name=name, title=title, form="number")
    meaning = MEANINGS.get(name, entry.meaning)
    return ColumnCard(name=name, title=title, form="number", unit=entry.unit,
                      better=entry.better, meaning=meaning)  # fmt: skip


def _trust(
    columns: Columns, stored: Stored, name: str, *, record: MapRecord, rows: np.ndarray
) -> None:
    if record.trust is None:
        return
    values = np.full(len(stored), np.nan, np.float32)
    values[rows] = record.trust
    card = ColumnCard(
        name=f"trust-{name}",
        title=f"trust, {record.faithfulness.name}",
        form="number",
        better="higher",
        meaning=f"how few of the sample's {record.trust_k} neighbours on the map are strangers in "
        "the latent space: 1 none, about .5 as by chance",
        map=name,
    )
    columns.number(card, values)


def _latents(columns: Columns, stored: Stored) -> None:
    if stored.means is None:
        return
    norm = np.empty(len(stored), np.float32)
    for part in stored.parts():
        norm[part] = np.sqrt(np.square(stored.means[part]).sum(1))
    card = ColumnCard(name="norm", title="distance from 0", form="number",
                      meaning="length of the posterior mean, √Σ z²")  # fmt: skip
    columns.number(card, norm)
    for j in range(stored.size if stored.size <= MOST_LATENTS else 0):
        card = ColumnCard(name=f"z{j + 1}", title=f"latent {j + 1}", form="number",
                          meaning=f"posterior mean of latent {j + 1} of {stored.size}")  # fmt: skip
        columns.number(card, stored.means[:, j])

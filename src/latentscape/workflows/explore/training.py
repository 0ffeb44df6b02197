"""Training as it went: positions, curves and pictures of each epoch."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from latentscape.errors import RunError, UsageError
from latentscape.records import UNREADABLE
from latentscape.records.exhibit import Ability, Epochs
from latentscape.records.history import PATH as HISTORY
from latentscape.records.history import read_history

if TYPE_CHECKING:
    from latentscape.workflows.explore.exhibit import OpenExhibit

ROOM, POSITIONS = "snapshots", "positions.npz"
PNG = b"\x89PNG"
IN_NAT = ("loss", "reconstruction", "kl", "distortion", "elbo", "rate")
UNITS = {
    **{f"{part}_{name}": "nat an image" for part in ("train", "val") for name in IN_NAT},
    "psnr_of_mean_mse": "dB",
    "active_units": "units",
    "images_per_second": "images/s",
    "seconds": "s",
}


def ability(exhibit: "OpenExhibit") -> Ability:
    """Whether training left anything to show; asked for without torch too."""
    if exhibit.run is None:
        why = "the store lies in no run, so its training is not at hand"
        return Ability(possible=False, why=why, hint="explore the run that it was encoded by")
    if not any((exhibit.run / part).exists() for part in (f"{ROOM}/{POSITIONS}", HISTORY)):
        why = f"{exhibit.run.name} keeps neither a history nor snapshots of its training"
        return Ability(possible=False, why=why, hint="train it anew: `latentscape train`")
    return Ability(possible=True)


def trained(exhibit: "OpenExhibit") -> tuple[Epochs, dict[str, np.ndarray]]:
    """Training epoch by epoch, and the arrays that `Epochs` names.

    Epochs are those of the snapshots, or of the history where there are none. Positions of an
    epoch that is not finite lie at the mean of the last.

    Raises:
        UsageError: If the run keeps nothing of its training.
        RunError: If what it keeps cannot be read.
    """
    can = ability(exhibit)
    if not can.possible:
        raise UsageError(can.why, can.hint)
    assert exhibit.run is not None
    folder = exhibit.run
    positions, epochs, labels = _positions(folder / ROOM / POSITIONS)
    columns = _history(folder)
    told = columns.pop("epoch", None)
    length = max((len(column) for column in columns.values()), default=0)
    if told and not np.isfinite(told).all():
        raise RunError(f"the history of {folder.name} has epochs without a number",
                       "restore it from a copy")  # fmt: skip
    history = [int(epoch) for epoch in told] if told else list(range(1, length + 1))
    if not len(epochs):
        epochs = np.array(history, np.int64)
        positions = np.zeros((len(epochs), 0, 2), np.float32)
    if not len(epochs):
        raise RunError(f"{folder.name} keeps no epoch that can be read", "train it further")
    placed, axes = _on_a_plane(positions)
    place = {epoch: i for i, epoch in enumerate(history)}
    picked = [place.get(int(epoch)) for epoch in epochs]
    curves = {
        name: tuple(None if i is None else _told(column, i) for i in picked)
        for name, column in columns.items()
    }
    card = Epochs(
        epochs=tuple(int(epoch) for epoch in epochs),
        curves={name: curve for name, curve in curves.items() if any(v is not None for v in curve)},
        units={name: unit for name, unit in UNITS.items() if name in curves},
        axes=axes,
        has_picture=any(_picture(folder, int(epoch)).exists() for epoch in epochs),
    )
    return card, {"positions": placed, "labels": labels.astype(np.int32)}


def epoch_picture(exhibit: "OpenExhibit", epoch: int) -> bytes:
    """The prediction matrix of an epoch, a PNG.

    Raises:
        UsageError: If there is none of that epoch.
        RunError: If it is damaged.
    """
    path = None if exhibit.run is None else _picture(exhibit.run, epoch)
    if path is None or not path.is_file():
        raise UsageError(f"there is no picture of epoch {epoch}", "choose another epoch")
    picture = path.read_bytes()
    if not picture.startswith(PNG):
        raise RunError(f"{path} is damaged", "restore it from a copy")
    return picture


def _picture(folder: Path, epoch: int) -> Path:
    return folder / ROOM / f"epoch-{epoch:04d}.png"


def _positions(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Latents ``epochs n D``, the epochs, and labels (n,); nothing where there is no such file."""
    nothing = np.zeros((0, 0, 2), np.float32), np.zeros(0, np.int64), np.zeros(0, np.int64)
    if not path.exists():
        return nothing
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            positions, epochs, labels = (file[k] for k in ("positions", "epochs", "labels"))
    except (*UNREADABLE, KeyError):
        warnings.warn(f"{path} is damaged; positions are left out", stacklevel=3)
        return nothing
    fits = (positions.ndim, epochs.ndim, labels.ndim) == (3, 1, 1) and (
        positions.shape[:2] == (len(epochs), len(labels))
    )
    if not (fits and positions.dtype.kind == "f" and epochs.dtype.kind == labels.dtype.kind == "i"):
        warnings.warn(f"{path} does not fit itself; positions are left out", stacklevel=3)
        return nothing
    return positions, epochs, labels


def _history(folder: Path) -> dict[str, tuple[float, ...]]:
    if not (folder / HISTORY).exists():
        return {}
    return dict(read_history(folder).columns)


def _on_a_plane(positions: np.ndarray) -> tuple[np.ndarray, str]:
    """``epochs n 2``: two latents as they are, more on the last epoch's principal axes."""
    n_epochs, n, size = positions.shape
    if size == 1:
        placed = np.concatenate([positions, np.zeros_like(positions)], axis=2)
        return _finite(placed), "the one latent; nothing upwards"
    if size == 2 or n < 2:
        return _finite(positions[..., :2]), "the two latents as they are"
    from latentscape.projection import PCA

    whole = [i for i in range(n_epochs) if np.isfinite(positions[i]).all()]
    if not whole:
        return np.zeros((n_epochs, n, 2), np.float32), "no epoch is finite"
    pca = PCA(seed=0)
    pca.fit_transform(positions[whole[-1]])
    placed = np.full((n_epochs, n, 2), np.nan, np.float32)
    for i in whole:
        placed[i] = pca.transform(positions[i])
    shares = " and ".join(f"{100 * share:.0f}" for share in pca.explained)
    told = f"principal axes of the last epoch's latents, {shares} % of its variance"
    return _finite(placed), told


def _finite(placed: np.ndarray) -> np.ndarray:
    finite = np.isfinite(placed)
    if finite.all():
        return np.ascontiguousarray(placed, np.float32)
    whole = finite.all(axis=(1, 2))
    middle = placed[whole][-1].mean(0) if whole.any() else np.zeros(2)
    return np.ascontiguousarray(np.where(finite, placed, middle), np.float32)


def _told(column: Sequence[float | None], i: int) -> float | None:
    value = column[i] if i < len(column) else None
    return None if value is None or not np.isfinite(value) else float(value)

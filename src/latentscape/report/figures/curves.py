"""How training went: loss terms, rate and distortion apart, active units, PSNR."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from latentscape.records import Provenance, RunRecord
from latentscape.report.canvas import Canvas
from latentscape.report.palette import LIGHT, SIZES
from latentscape.report.picture import Picture, Words
from latentscape.report.words import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PANEL = 1.35  # inches


class Panel(NamedTuple):
    """One pair of axes: its heading and the columns of the history drawn in it."""

    heading: str
    validation: str
    training: str = ""
    floor: float | None = None
    floor_name: str = ""
    whole: bool = False


def curves(run: RunRecord) -> list[Picture]:
    """Every training figure the history has columns for."""
    columns = run.history.columns
    pictures = []
    for name, title, read, baseline, panels in _families(run):
        shown = [p for p in panels if p.validation in columns or p.training in columns]
        if shown:
            words = Words(name, title, read, _alt(title, shown, columns), baseline)
            pictures.append(_draw(run, words, shown))
    return pictures


def _families(run: RunRecord) -> list[tuple[str, str, str, str, list[Panel]]]:
    columns = run.history.columns
    size = float(np.prod(run.provenance.latent_shape)) if run.provenance.latent_shape else None
    names = {c.removeprefix("train_") for c in columns if c.startswith("train_")} - {"loss"}
    terms = sorted((name for name in names if _drawn(columns, name)), key=lambda n: (n == "kl", n))
    has_rate = any(columns.get("val_rate", ()))
    bounds = [Panel("distortion, −log p(x|z) (nat an image, ↓ lower is better)", "val_distortion")]
    if has_rate:
        bounds.append(Panel("rate, KL (nat an image)", "val_rate", "", 0.0, "collapsed"))
        bounds.append(Panel("ELBO (nat an image, ↑ higher is better)", "val_elbo"))
    return [
        (
            "loss",
            "Loss",
            "Both lines should fall and flatten; a validation line that turns up while training "
            "falls means the model has begun to learn its samples by heart.",
            "the first epoch",
            [
                Panel(
                    "all terms together (nat an image, ↓ lower is better)", "val_loss", "train_loss"
                )
            ],
        ),
        (
            "rate-distortion",
            "Distortion and rate",
            "Distortion is what is lost, rate is what the latent carries; a rate that falls to "
            "nought is a collapsed model."
            if has_rate
            else "Distortion is what is lost; a point posterior has no rate.",
            "rate 0, a latent that carries nothing" if has_rate else "the first epoch",
            bounds,
        ),
        (
            "learning",
            "Active units and PSNR",
            "Active units are latent numbers that the data really move; PSNR is the sharpness of "
            "the reconstructions in decibels.",
            "all latent units; the first epoch",
            [
                Panel("active units", "active_units", "", size, "all", whole=True),
                Panel(
                    "PSNR of the mean squared error (dB, ↑ higher is better)", "psnr_of_mean_mse"
                ),
            ],
        ),
        (
            "terms",
            "Loss terms",
            "Each term of the objective on its own scale, with the weight it had in training.",
            "the first epoch",
            [
                Panel(f"{label(name)} (nat an image)", f"val_{name}", f"train_{name}")
                for name in terms
            ],
        ),
    ]


def _drawn(columns: dict[str, tuple[float, ...]], name: str) -> bool:
    values = np.array(columns.get(f"train_{name}", ()) + columns.get(f"val_{name}", ()))
    return bool(np.isfinite(values).any()) if values.size else False


def _alt(title: str, panels: list[Panel], columns: dict[str, tuple[float, ...]]) -> str:
    said = []
    for panel in panels:
        values = columns.get(panel.validation) or columns.get(panel.training, ())
        if values:
            said.append(f"{panel.heading}: from {values[0]:.4g} to {values[-1]:.4g}")
    return f"{title}, a line over the epochs. " + "; ".join(said)


def _draw(run: RunRecord, words: Words, panels: list[Panel]) -> Picture:
    columns = run.history.columns
    length = max(len(values) for values in columns.values())
    epochs = np.array(columns.get("epoch") or range(1, length + 1), float)
    canvas = Canvas(words, _signed(run), height=PANEL * len(panels) + 0.35)
    for i, panel in enumerate(panels):
        bottom = 0.35 + PANEL * (len(panels) - 1 - i)
        axes = canvas.place(0.62, bottom + 0.1, canvas.width - 0.62 - 1.12, PANEL - 0.36)
        axes.set_title(panel.heading, loc="left", fontsize=SIZES.tick, color=LIGHT["muted"], pad=4)
        _lines(axes, epochs, panel, columns)
        axes.grid(axis="y")
        axes.tick_params(labelbottom=i == len(panels) - 1)
        if i == len(panels) - 1:
            axes.set_xlabel("epoch")
    return canvas.finish()


def _signed(run: RunRecord) -> Provenance:
    """The curves are of training; the run's own provenance is that of its test measures."""
    told = {"split": "validation", "posterior": "sample", "n": run.n_images.get("val", 0)}
    return run.provenance.model_copy(update=told)


def _lines(
    axes: "Axes", epochs: np.ndarray, panel: Panel, columns: dict[str, tuple[float, ...]]
) -> None:
    from matplotlib.ticker import MaxNLocator

    labels = []
    series = (
        (panel.training, "training", LIGHT["muted"], 1.1, (0, (3, 1.5))),
        (panel.validation, "validation", LIGHT["model"], 1.9, "solid"),
    )
    for column, name, colour, width, dashes in series:
        values = np.array(columns.get(column, ()), float)
        if not np.isfinite(values).any():
            continue
        x = epochs[: len(values)]
        marker = "o" if len(values) == 1 else None
        axes.plot(x, values, color=colour, linewidth=width, linestyle=dashes, marker=marker)
        last = np.flatnonzero(np.isfinite(values))[-1]
        labels.append((float(values[last]), f"{name} {_short(float(values[last]))}", colour))
    if panel.floor is not None:
        axes.axhline(panel.floor, color=LIGHT["second"], linewidth=1, linestyle=(0, (1, 1.5)))
        labels.append((panel.floor, f"{panel.floor_name} {panel.floor:g}", LIGHT["second"]))
    axes.margins(y=0.12)
    axes.set_xlim(epochs[0] - (len(epochs) == 1), epochs[-1] + (len(epochs) == 1))
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=panel.whole))
    if panel.whole:
        axes.set_ylim(bottom=0)
    _label_ends(axes, labels)


def _label_ends(axes: "Axes", labels: list[tuple[float, str, str]]) -> None:
    """Write each line's name at its end, pushed apart where the ends meet."""
    low, high = axes.get_ylim()
    gap = 0.17
    places = sorted(
        (((value - low) / (high - low)), text, colour) for value, text, colour in labels
    )
    heights = [place[0] for place in places]
    for i in range(1, len(heights)):
        heights[i] = max(heights[i], heights[i - 1] + gap)
    over = heights[-1] - 1.05 if heights else 0
    if over > 0:
        for i in reversed(range(len(heights))):
            ceiling = 1.05 - gap * (len(heights) - 1 - i)
            heights[i] = min(heights[i], ceiling)
    for height, (_, text, colour) in zip(heights, places, strict=True):
        axes.text(
            1.02, height, text, transform=axes.transAxes, color=colour, va="center",
            fontsize=SIZES.small, fontweight="bold",
        )  # fmt: skip


def _short(value: float) -> str:
    text = f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return text.replace("-", "−")

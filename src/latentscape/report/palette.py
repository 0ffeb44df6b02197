"""One palette and one type scale, for figures and page alike.

Ink and paper come in a light and a dark suit and are swapped by the reader's own preference.
Class colours do not change suit: each stands at 1.9:1 or more on light paper and at 2.6:1 or more
on dark paper, so a scatter drawn once can be read on either.
"""

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from matplotlib.colors import LinearSegmentedColormap

LIGHT = {
    "paper": "#fcfbf8",
    "card": "#ffffff",
    "ink": "#1b2130",
    "muted": "#5d6577",
    "rule": "#d8dbe2",
    "model": "#2a55d0",
    "second": "#b45309",
    "wash": "#eef1f8",
}
DARK = {
    "paper": "#12151b",
    "card": "#191d26",
    "ink": "#e8eaf0",
    "muted": "#a3abbb",
    "rule": "#363d4b",
    "model": "#8fadff",
    "second": "#f0a35e",
    "wash": "#212735",
}

# Chosen by exchange search: the ten colours whose smallest OKLab distance is largest under normal
# sight, protanopia, deuteranopia and tritanopia (simulated as Machado et al. 2009), ordered so
# that the first k are as far apart as k of them can be.
CLASS_COLOURS = (
    "#5a87ff", "#c30000", "#e1b400", "#694ba5", "#b4b4ff",
    "#2d3cff", "#3cd2a5", "#a578a5", "#e16900", "#1e695a",
)  # fmt: skip
MARKERS = ("o", "s", "^", "D", "v", "P")
UNKNOWN = "#8c93a1"

SEQUENTIAL = ("#1d1147", "#37399b", "#1f78a8", "#2fb08c", "#a5d86b", "#f9f5c0")
TRUST = ("#f08a00", "#bd6a80", "#3a59cf")
DIVERGING = ("#173a8f", "#5b8fe0", "#c9d8ee", "#f3efe6", "#f2c79b", "#d97b2b", "#8a3b06")

FONTS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
MONO = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace'


class Sizes(NamedTuple):
    """The type scale of a figure, in points: a step is about 1.2."""

    small: float = 7.0
    tick: float = 8.2
    label: float = 9.0
    title: float = 10.8


class ClassStyle(NamedTuple):
    """How one class is drawn: its colour and the shape of its points."""

    colour: str
    marker: str


SIZES = Sizes()


def class_styles(n: int) -> tuple[ClassStyle, ...]:
    """A style for each of ``n`` classes.

    The first ten differ by colour. Beyond ten the colours come round again with another point
    shape, so sixty classes stay apart; beyond sixty the styles repeat and only the names written
    on the figure tell classes apart.
    """
    colours, shapes = len(CLASS_COLOURS), len(MARKERS)
    return tuple(
        ClassStyle(CLASS_COLOURS[i % colours], MARKERS[i // colours % shapes]) for i in range(n)
    )


@cache
def sequential() -> "LinearSegmentedColormap":
    """The map for amounts: dark to light, in even steps of lightness."""
    return _colormap("latentscape", SEQUENTIAL)


@cache
def trust() -> "LinearSegmentedColormap":
    """The map for trust, for points on either paper: orange where one should not, blue where."""
    return _colormap("latentscape-trust", TRUST)


@cache
def diverging() -> "LinearSegmentedColormap":
    """The map for differences: blue below, orange above, paper at nought."""
    return _colormap("latentscape-diverging", DIVERGING)


def css_variables() -> str:
    """The palette as CSS custom properties, both suits."""
    light = "".join(f"--{name}:{colour};" for name, colour in LIGHT.items())
    dark = "".join(f"--{name}:{colour};" for name, colour in DARK.items())
    return (
        f":root{{color-scheme:light dark;{light}--sans:{FONTS};--mono:{MONO}}}\n"
        f"@media (prefers-color-scheme: dark){{@media screen{{:root{{{dark}}}}}}}\n"
    )


def luminance(colour: str) -> float:
    """Relative luminance of a hex colour, 0 to 1 (WCAG 2)."""
    return float(linear_rgb(colour) @ (0.2126, 0.7152, 0.0722))


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two hex colours, 1 to 21; higher is easier to read (WCAG 2)."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def linear_rgb(colour: str) -> np.ndarray:
    """A hex colour as three linear-light values in [0, 1]."""
    value = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def _colormap(name: str, stops: tuple[str, ...]) -> "LinearSegmentedColormap":
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list(name, list(stops))

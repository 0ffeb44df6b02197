"""Matplotlib's door: every figure is started, framed, signed and saved here."""

import io
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from latentscape.records import Provenance
from latentscape.report import svg
from latentscape.report.palette import LIGHT, SIZES
from latentscape.report.picture import Picture, Words, small_print

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 4.8  # inches: one column of a paper, one phone held upright
TITLE_BAND = 0.34
LINE = 0.135  # one line of small print, in inches
LETTERS = 11.0  # of a title, to an inch
PNG_DPI = 160

_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "latentscape",
    "font.family": ["DejaVu Sans"],
    "font.size": SIZES.tick,
    "axes.labelsize": SIZES.label,
    "xtick.labelsize": SIZES.tick,
    "ytick.labelsize": SIZES.tick,
    "text.color": LIGHT["ink"],
    "axes.labelcolor": LIGHT["ink"],
    "xtick.color": LIGHT["muted"],
    "ytick.color": LIGHT["muted"],
    "axes.edgecolor": LIGHT["rule"],
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "axes.unicode_minus": True,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.major.width": 0.8,
    "ytick.major.width": 0.8,
    "grid.color": LIGHT["rule"],
    "grid.linewidth": 0.6,
}


@contextmanager
def style() -> Iterator[None]:
    """The project's look, for the length of a ``with``; the user's own settings return after."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)  # pyright: ignore[reportCallIssue, reportArgumentType]
        yield


class Canvas:
    """A figure of one column's width with a title above and small print below.

    Args:
        words: What is said about the figure.
        provenance: What is behind it.
        height: Height of the drawing itself, in inches.
        n: Samples shown, where they are fewer than the provenance's n.
        width: In inches.
    """

    def __init__(
        self,
        words: Words,
        provenance: Provenance,
        *,
        height: float,
        n: int | None = None,
        width: float = WIDTH,
    ):
        from matplotlib.figure import Figure

        self.words = words
        self.signature = small_print(provenance, words.baseline, n=n)
        self._lines = textwrap.wrap(self.signature, int(width * 17.5))
        self._bottom = LINE * len(self._lines) + 0.12
        self.width, self.height = width, height
        self.total = height + TITLE_BAND + self._bottom
        self.figure: Figure = Figure(figsize=(width, self.total))

    def axes(
        self, left: float = 0.45, bottom: float = 0.4, right: float = 0.12, top: float = 0.08
    ) -> "Axes":
        """One pair of axes filling the drawing but for margins, in inches."""
        box = (left, bottom, self.width - left - right, self.height - bottom - top)
        return self.place(*box)

    def place(self, x: float, y: float, width: float, height: float) -> "Axes":
        """Axes at a place in the drawing; inches from its lower left corner."""
        return self.figure.add_axes(
            (
                x / self.width,
                (y + self._bottom) / self.total,
                width / self.width,
                height / self.total,
            )
        )

    def finish(self) -> Picture:
        """Sign the figure and render it, the same bytes each time."""
        self.figure.text(
            0.12 / self.width,
            1 - 0.1 / self.total,
            self.words.title,
            va="top",
            fontsize=SIZES.title * min(1, self.width * LETTERS / max(1, len(self.words.title))),
            fontweight="bold",
            gid=svg.TITLE,
        )
        for i, line in enumerate(reversed(self._lines)):
            self.figure.text(
                0.12 / self.width,
                (0.08 + LINE * i) / self.total,
                line,
                va="bottom",
                fontsize=SIZES.small,
                color=LIGHT["muted"],
                gid=f"{svg.SMALL_PRINT}-{i}",
            )
        vector, pixels = io.StringIO(), io.BytesIO()
        self.figure.savefig(vector, format="svg", dpi=PNG_DPI, metadata={"Date": None})
        self._rim_words()
        self.figure.savefig(
            pixels,
            format="png",
            dpi=PNG_DPI,
            facecolor=LIGHT["card"],
            metadata={"Software": ""},
            pil_kwargs={"compress_level": 3},
        )
        drawn = vector.getvalue()
        return Picture(
            words=self.words,
            small_print=self.signature,
            svg=svg.for_file(drawn),
            inline=svg.for_page(
                drawn,
                prefix=svg.ID,
                alt=self.words.alt,
                top=TITLE_BAND * 72 - 1,
                bottom=self._bottom * 72 - 3,
            ),
            png=pixels.getvalue(),
        )

    def _rim_words(self) -> None:
        """Give words that lie on points their rim in pixels; in an SVG a style sheet does it."""
        from matplotlib.patheffects import withStroke
        from matplotlib.text import Text

        for text in self.figure.findobj(Text):
            if isinstance(text, Text) and str(text.get_gid()).startswith(svg.HALO):
                text.set_path_effects([withStroke(linewidth=2.6, foreground=LIGHT["card"])])

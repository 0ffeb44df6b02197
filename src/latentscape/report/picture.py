"""One finished picture: its drawing, its words, and the small print every figure carries."""

from dataclasses import dataclass, replace
from typing import Self

from latentscape.records import Provenance


@dataclass(frozen=True)
class Words:
    """What is said about a figure.

    Attributes:
        name: File name without suffix, and prefix of every id inside the drawing.
        title: A short heading.
        read: One sentence: how to read this.
        alt: What is seen, for those who do not see it.
        baseline: What the figure is to be held against.
    """

    name: str
    title: str
    read: str
    alt: str
    baseline: str


@dataclass(frozen=True)
class Picture:
    """A drawn figure, ready for a folder (svg, png) and for a page (inline svg).

    Attributes:
        words: Heading, sentence, description.
        small_print: n, seed, model, data, baseline in one line.
        svg: The whole drawing, for a file.
        inline: The drawing without title and small print, for a page that sets both in HTML; its
            ids begin with `svg.ID`.
        png: The same as ``svg`` in pixels, on light paper.
    """

    words: Words
    small_print: str
    svg: str
    inline: str
    png: bytes

    def renamed(self, name: str, taken: set[str]) -> Self:
        """The same picture under a name that is not taken yet."""
        unique, i = name, 2
        while unique in taken:
            unique, i = f"{name}-{i}", i + 1
        return replace(self, words=replace(self.words, name=unique))


def small_print(provenance: Provenance, baseline: str, *, n: int | None = None) -> str:
    """One line of what is behind a figure: n (where it is known), seed, model, data, baseline."""
    size = latent_words(provenance.latent_shape)
    n = provenance.n if n is None else n
    resized = "" if provenance.resize in ("", "none") else f", resized by {provenance.resize}"
    run_in = "" if provenance.precision == "fp32" else provenance.precision
    kind = [provenance.recipe, size and f"latent {size}", run_in, provenance.settings]
    parts = [
        *([f"n = {n:,}"] if n else []),
        f"seed {provenance.seed}",
        f"model {provenance.model} ({', '.join(filter(None, kind))})",
        f"data {provenance.data}{', ' + provenance.split if provenance.split else ''}{resized}",
        f"posterior {provenance.posterior}",
        f"baseline: {baseline}",
    ]
    return " · ".join(parts)


def latent_words(shape: tuple[int, ...]) -> str:
    """A latent shape as people write it: ``16`` or ``4×32×32``."""
    return "×".join(str(side) for side in shape)

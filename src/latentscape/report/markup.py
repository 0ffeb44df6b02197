"""HTML by small functions: everything that comes from outside is escaped here, once."""

import base64
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from latentscape.report import svg
from latentscape.report.picture import Picture

TYPES = {".gif": "image/gif", ".png": "image/png", ".svg": "image/svg+xml"}


class Html(str):
    """Text that is HTML already and must not be escaped again."""


def tag(name: str, *content: str | Html, **attributes: str | bool | None) -> Html:
    """An element. Plain strings are escaped, `Html` is not.

    An attribute's leading and trailing underscores go (``class_``), inner ones become dashes;
    True writes the bare name, False and None write nothing.
    """
    inside = "".join(c if isinstance(c, Html) else escape(c, quote=False) for c in content)
    return Html(f"<{name}{_attributes(attributes)}>{inside}</{name}>")


def image(path: Path, *, alt: str, **attributes: str | bool | None) -> Html:
    """A picture from disk, carried inside the page."""
    return Html(f'<img src="{data_uri(path)}" alt="{escape(alt)}"{_attributes(attributes)}>')


def data_uri(path: Path) -> str:
    """A file as a ``data:`` address."""
    kind = TYPES[path.suffix.lower()]
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"


def figure(picture: Picture, *, prefix: str, wide: bool = False) -> Html:
    """A drawing with its heading, the sentence that says how to read it, and its small print."""
    name = f"{prefix}-{picture.words.name}"
    drawing = Html(picture.inline.replace(f"{svg.ID}-", f"{name}-"))
    return tag(
        "figure",
        tag("h4", picture.words.title),
        tag("div", drawing, class_="drawing"),
        caption(picture.words.read, picture.small_print),
        id=name,
        class_="wide" if wide else None,
    )


def caption(read: str, small: str) -> Html:
    """The words under a figure."""
    return tag(
        "figcaption",
        tag("p", tag("b", "How to read this: "), read),
        tag("p", small, class_="small"),
    )


def table(
    head: Sequence[str | Html],
    rows: Iterable[Sequence[str | Html]],
    *,
    about: str,
    marked: int = -1,
) -> Html:
    """A table that scrolls inside its own frame where the page is narrow.

    Args:
        head: Column headings.
        rows: Cells; the first of each row is its heading.
        about: What the table holds, said to a screen reader and printed above.
        marked: Number of the column to stress, −1 for none.
    """
    top = tag("thead", tag("tr", *(tag("th", cell, scope="col") for cell in head)))
    lines = []
    for first, *rest in rows:
        cells = [
            tag("td", cell, class_="marked" if i == marked else None)
            for i, cell in enumerate(rest, start=1)
        ]
        lines.append(tag("tr", tag("th", first, scope="row"), *cells))
    body = tag("table", tag("caption", about), top, tag("tbody", *lines))
    return tag("div", body, class_="scroll", tabindex="0", role="region", aria_label=about)


def folded(title: str, about: str, *content: Html) -> Html:
    """What opens at a click, and stands open in print: its title, and in a few words what it is."""
    head = tag("summary", tag("b", title), " ", tag("span", about))
    return tag("details", head, *content, class_="numbers")


def sentences(lines: Iterable[str | Html], *, class_: str = "") -> Html:
    """A list with a line each; nothing where there are none."""
    items = [tag("li", line) for line in lines]
    return tag("ul", *items, class_=class_ or None) if items else Html("")


def joined(parts: Iterable[Html]) -> Html:
    """Pieces of HTML one after another."""
    return Html("\n".join(parts))


def _attributes(attributes: dict[str, str | bool | None]) -> str:
    out = []
    for name, value in attributes.items():
        name = name.strip("_").replace("_", "-")
        if value is True:
            out.append(f" {name}")
        elif value is not None and value is not False:
            out.append(f' {name}="{escape(str(value))}"')
    return "".join(out)


def columns(figures: list[Html]) -> Html:
    """Figures beside each other, as many as fit."""
    return tag("div", joined(figures), class_="figures") if figures else Html("")

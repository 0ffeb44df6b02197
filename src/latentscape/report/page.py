"""The page itself: head, style, opening, comparison, the runs one after another."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from importlib.resources import files

import latentscape
from latentscape.records import ComparisonRecord
from latentscape.report import markup
from latentscape.report.comparison import body, listed, overview
from latentscape.report.comparison_table import data_words
from latentscape.report.folder import RunContents
from latentscape.report.markup import Html, joined, tag
from latentscape.report.palette import css_variables
from latentscape.report.picture import Picture
from latentscape.report.section import Section


def page(title: str, sections: Sequence[Section]) -> tuple[str, list[Picture]]:
    """One self-contained HTML page.

    Args:
        title: Name of the folder reported on.
        sections: The runs, in the order in which they are to stand.

    Returns:
        The page's text, and the pictures that compare runs (each run's own are in its section).
    """
    several = len(sections) > 1
    bodies = [section.html() for section in sections]
    overview, pictures = _overview(sections) if several else (Html(""), [])
    body = joined(
        [
            tag("a", "Skip to the report", href="#report", class_="skip"),
            _opening(title, sections),
            _navigation(sections) if several else Html(""),
            tag("main", overview, *bodies, id="report"),
            _footer(),
        ]
    )
    return _document(f"{title} · latentscape", body), pictures


def comparison_page(
    record: ComparisonRecord, contents: Mapping[str, RunContents]
) -> tuple[str, list[Picture]]:
    """One self-contained HTML page that sets runs beside each other.

    Args:
        record: What `compare` found.
        contents: Of the runs' folders, by the name they have in the record.
    """
    pictures: list[Picture] = []
    sections = body(record, contents, _drawing(pictures))
    names = [run.name for run in record.runs]
    data = sorted({table.data for table in record.tables})
    links = [("runs", "The runs")]
    links += [(f"table-{i}", data_words(t)) for i, t in enumerate(record.tables, start=1)]
    links += [("truth", "Beside the truth")] if record.nearness else []
    links += [("ways", "On the way")] if record.relations else []
    page = joined(
        [
            tag("a", "Skip to the comparison", href="#comparison", class_="skip"),
            tag(
                "header",
                tag("p", "latentscape comparison", class_="mark"),
                tag("h1", listed(names) if len(names) < 4 else f"{len(names)} runs"),
                tag("p", f"{len(names)} runs: {listed(sorted({r.recipe for r in record.runs}))} "
                    f"on {listed(data)}.", class_="lead"),
                class_="opening",
            ),
            tag("nav", *(tag("span", tag("a", words, href=f"#{to}")) for to, words in links),
                aria_label="Data"),
            tag("main", *sections, id="comparison"),
            _footer(),
        ]
    )  # fmt: skip
    return _document(f"{listed(names)} · latentscape", page), pictures


def style_sheet() -> str:
    """The palette and the page's style as one CSS text."""
    return css_variables() + files("latentscape.report").joinpath("style.css").read_text("utf-8")


def _footer() -> Html:
    told = f"Written by latentscape {latentscape.__version__}. This page needs no other file and "
    return tag("footer", tag("p", f"{told}no network."))


def _document(title: str, body: Html) -> str:
    return (
        '<!doctype html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style_sheet()}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _opening(title: str, sections: Sequence[Section]) -> Html:
    data = sorted({section.contents.provenance.data for section in sections})
    recipes = sorted({section.contents.provenance.recipe for section in sections})
    one = "One run" if sections[0].contents.is_run else "One model"
    runs = one if len(sections) == 1 else f"{len(sections)} runs"
    text = f"{runs}: {listed(recipes)} on {listed(data)}."
    return tag(
        "header",
        tag("p", "latentscape report", class_="mark"),
        tag("h1", title),
        tag("p", text, class_="lead"),
        class_="opening",
    )


def _navigation(sections: Sequence[Section]) -> Html:
    links = [tag("a", "Comparison", href="#comparison")]
    links += [tag("a", s.contents.name, href=f"#{s.id}") for s in sections]
    return tag("nav", *(tag("span", link) for link in links), aria_label="Runs")


def _overview(sections: Sequence[Section]) -> tuple[Html, list[Picture]]:
    """Every group of runs that share images: a table and pictures."""
    pictures: list[Picture] = []
    blocks = overview([section.contents for section in sections], _drawing(pictures))
    if not blocks:
        blocks = [tag("p", "No run here has measures yet: ",
                      tag("code", "latentscape measure reconstruction RUN"), ".")]  # fmt: skip
    return tag("section", tag("h2", "Comparison"), *blocks, id="comparison"), pictures


def _drawing(pictures: list[Picture]) -> Callable[[Picture], Html]:
    """What draws a picture into a page and keeps it, under a name of its own, in `pictures`."""

    def draw(picture: Picture) -> Html:
        taken = {p.words.name for p in pictures}
        pictures.append(picture.renamed(picture.words.name, taken))
        return markup.figure(pictures[-1], prefix="compare")

    return draw

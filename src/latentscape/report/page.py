"""The page itself: head, style, opening, comparison, the runs one after another."""

from collections.abc import Sequence
from html import escape
from importlib.resources import files

import latentscape
from latentscape.records import ReconstructionRecord, Row
from latentscape.report import markup
from latentscape.report.figures import dots
from latentscape.report.markup import Html, joined, tag
from latentscape.report.palette import css_variables
from latentscape.report.picture import Picture, Words
from latentscape.report.section import Section
from latentscape.report.tables import baselines_of, comparison, data_words


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
            tag(
                "footer",
                tag("p", f"Written by latentscape {latentscape.__version__}. This page needs no "
                    "other file and no network."),
            ),
        ]
    )  # fmt: skip
    return _document(f"{title} · latentscape", body), pictures


def style_sheet() -> str:
    """The palette and the page's style as one CSS text."""
    return css_variables() + files("latentscape.report").joinpath("style.css").read_text("utf-8")


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
    runs = "One run" if len(sections) == 1 else f"{len(sections)} runs"
    text = f"{runs}: {_listed(recipes)} on {_listed(data)}."
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
    """Every group of runs that share images and split: a table and a picture."""
    groups: dict[tuple[str, str, int], list[tuple[str, ReconstructionRecord]]] = {}
    for section in sections:
        for record in section.contents.reconstructions:
            prov = record.provenance
            key = (data_words(record), prov.fingerprint, prov.n)
            groups.setdefault(key, []).append((section.contents.name, record))
    blocks, pictures = [], []
    for i, ((data, _, n), runs) in enumerate(groups.items(), start=1):
        blocks.append(tag("h3", f"{data}, {n:,} images"))
        blocks.append(comparison(runs))
        if len(runs) > 1:
            picture = _side_by_side(f"comparison-{i}", data, runs)
            pictures += [picture] if picture else []
            figures = [markup.figure(p, prefix="compare") for p in pictures[-1:] if picture]
            blocks.append(tag("div", *figures, class_="figures"))
    if not blocks:
        blocks = [tag("p", "No run here has reconstruction measures yet: ",
                      tag("code", "latentscape measure reconstruction RUN"), ".")]  # fmt: skip
    return tag("section", tag("h2", "Comparison"), *blocks, id="comparison"), pictures


def _side_by_side(
    name: str, data: str, runs: list[tuple[str, ReconstructionRecord]]
) -> Picture | None:
    rows: list[tuple[Row, bool]] = [
        (record.model_row.model_copy(update={"name": run}), True) for run, record in runs
    ]
    baselines = baselines_of([record for _, record in runs])
    rows += [(row, False) for row in baselines]
    words = Words(
        name,
        f"All runs on {data}",
        "Filled dots are models, open dots are baselines, lines are intervals; the arrow in each "
        "heading points to the better side.",
        "",
        ", ".join(row.name for row in baselines) or "none computed",
    )
    prov = runs[0][1].provenance.model_copy(
        update={"model": f"{len(runs)} runs", "recipe": _listed(
            sorted({r.provenance.recipe for _, r in runs})), "latent_shape": ()}
    )  # fmt: skip
    return dots.forest(words, prov, tuple(rows))


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

"""How evenly the decoder moves."""

from latentscape.records import Provenance
from latentscape.records.smoothness import Smoothness
from latentscape.report.figures.smoothness import jacobian_spectrum
from latentscape.report.markup import Html, columns
from latentscape.report.measures_table import rows_table
from latentscape.report.topics import Figure


def blocks(found: Smoothness, provenance: Provenance, *, about: str, figure: Figure) -> list[Html]:
    """The Jacobian's spectrum, and a table of the decoder beside PCA's and beside prior draws.

    Args:
        found: What was measured.
        provenance: For the picture's small print.
        about: What the measures are of, for the tables' headings.
        figure: Draws a picture into the section.
    """
    picture = jacobian_spectrum(found, provenance)
    prior = found.baselines[:1]  # PCA's values stand beside the decoder's own
    rows = (found.row, *(row for row in prior if row.measures))
    return [
        columns([figure(picture)] if picture else []),
        rows_table(rows, about=about) if found.row.measures else Html(""),
    ]

"""Latents on a grid: pictures of channels and places, and their measures."""

from latentscape.records import Provenance
from latentscape.records.spatial import SpatialStatistics
from latentscape.report.figures.spatial import spatial_pictures
from latentscape.report.markup import Html, columns, joined, table
from latentscape.report.measures_table import rows_table
from latentscape.report.topics import Figure
from latentscape.report.words import interval, number

MOMENTS = ("channel_mean", "channel_std", "channel_skew", "channel_kurtosis")
HEAD = ("channel", "mean", "standard deviation", "skew", "excess kurtosis")
MOST_ROWS = 16


def blocks(
    spatial: SpatialStatistics,
    provenance: Provenance,
    *,
    about: str,
    prior_matched: bool,
    figure: Figure,
) -> list[Html]:
    """Histograms, maps, autocorrelation and correlation, and the numbers behind them.

    Args:
        spatial: What was measured.
        provenance: For the pictures' small print.
        about: What the measures are of, for the tables' headings.
        prior_matched: Whether the latents were drawn towards N(0, I).
        figure: Draws a picture into the section.
    """
    pictures = spatial_pictures(spatial, provenance, prior_matched=prior_matched)
    return [
        columns([figure(picture) for picture in pictures]),
        rows_table(spatial.rows[:1], about=about),
        _moments(spatial, about),
    ]


def _moments(spatial: SpatialStatistics, about: str) -> Html:
    """A line a channel; of many, the first."""
    lines = []
    for i, row in enumerate(spatial.rows[1 : MOST_ROWS + 1]):
        held = {measure.name: measure for measure in row.measures}
        cells: list[Html | str] = [str(i + 1)]
        for name in MOMENTS:
            measure = held.get(name)
            if measure is None:
                cells.append("not defined")
                continue
            between = interval(measure)
            small = Html(f'<span class="interval">{between}</span>') if between else Html("")
            cells.append(joined([Html(f"<span>{number(measure.value)}</span>"), small]))
        lines.append(cells)
    n = len(spatial.rows) - 1
    first = f", the first {MOST_ROWS} of {n}" if n > MOST_ROWS else ""
    return table(HEAD, lines, about=f"Channels{first}: {about}")

"""How the space is organised: covariance, Gaussianity, classes, dimension."""

from latentscape.records.structure import StructureRecord
from latentscape.report.figures import shape
from latentscape.report.folder import RunContents
from latentscape.report.markup import Html, columns, sentences
from latentscape.report.measures_table import rows_table
from latentscape.report.topics import Figure, classes, smoothness, spatial


def blocks(contents: RunContents, figure: Figure) -> list[Html]:
    """The topic's pictures and tables."""
    blocks: list[Html] = []
    for record in contents.of(StructureRecord):
        prov = record.provenance
        about = ", ".join(filter(None, [prov.data, prov.split]))
        drawn = [picture for picture in (shape.scree(record), shape.ellipse(record)) if picture]
        blocks += [
            sentences(record.verdicts, class_="verdicts"),
            columns([figure(picture) for picture in drawn]),
            rows_table(record.rows, about=about),
        ]
        if record.classes is not None:
            blocks += classes.blocks(record.classes, prov, about=about, figure=figure)
        if record.smoothness is not None:
            blocks += smoothness.blocks(record.smoothness, prov, about=about, figure=figure)
        if record.spatial is not None:
            blocks += spatial.blocks(
                record.spatial, prov, about=about, prior_matched=record.prior_matched, figure=figure
            )
    return blocks

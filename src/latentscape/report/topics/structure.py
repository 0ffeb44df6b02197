"""How the space is organised: covariance, Gaussianity, classes, dimension."""

from latentscape.records.structure import StructureRecord
from latentscape.report.folder import RunContents
from latentscape.report.markup import Html
from latentscape.report.topics import Figure, classes


def blocks(contents: RunContents, figure: Figure) -> list[Html]:
    """The topic's pictures and tables."""
    blocks: list[Html] = []
    for record in contents.of(StructureRecord):
        prov = record.provenance
        about = ", ".join(filter(None, [prov.data, prov.split]))
        if record.classes is not None:
            blocks += classes.blocks(record.classes, prov, about=about, figure=figure)
    return blocks

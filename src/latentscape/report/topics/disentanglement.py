"""Whether single latents follow single factors."""

from latentscape.report.folder import RunContents
from latentscape.report.markup import Html
from latentscape.report.topics import Figure


def blocks(contents: RunContents, figure: Figure) -> list[Html]:
    """The topic's pictures and tables."""
    return []

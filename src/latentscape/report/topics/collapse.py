"""Whether the latents carry anything: the collapse doctor's findings."""

from latentscape.report.folder import RunContents
from latentscape.report.markup import Html
from latentscape.report.topics import Figure


def blocks(contents: RunContents, figure: Figure) -> list[Html]:
    """The topic's pictures and tables."""
    return []

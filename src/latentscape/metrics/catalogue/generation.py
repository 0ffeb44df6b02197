"""What is measured of generated images."""

from latentscape.metrics.catalogue.entry import Entry

GENERATION: dict[str, Entry] = {}

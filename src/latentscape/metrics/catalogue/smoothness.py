"""What is measured of dimension and of the decoder's smoothness."""

from latentscape.metrics.catalogue.entry import Entry

SMOOTHNESS: dict[str, Entry] = {}

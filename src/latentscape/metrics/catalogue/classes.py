"""What is measured of classes and clusters."""

from latentscape.metrics.catalogue.entry import Entry

CLASSES: dict[str, Entry] = {}

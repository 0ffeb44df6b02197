"""What is measured against known factors."""

from latentscape.metrics.catalogue.entry import Entry

DISENTANGLEMENT: dict[str, Entry] = {}

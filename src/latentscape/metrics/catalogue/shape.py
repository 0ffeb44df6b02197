"""What is measured of a cloud of latents: its covariance, and how Gaussian it is."""

from latentscape.metrics.catalogue.entry import Entry

SHAPE: dict[str, Entry] = {}

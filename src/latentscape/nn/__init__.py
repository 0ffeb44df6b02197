"""Encoders, decoders, blocks and frozen feature nets."""

from latentscape.nn.registry import NETWORKS, build_networks, options_of

__all__ = ["NETWORKS", "build_networks", "options_of"]

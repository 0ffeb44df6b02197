"""Autoencoders of `diffusers`: found, read, and run behind `encode` and `decode`.

The library itself is imported in `halves.py` alone, when a model is opened.
"""

from latentscape.models.diffusers.adapter import open_diffusers
from latentscape.models.diffusers.families import FAMILIES

__all__ = ["FAMILIES", "open_diffusers"]

"""Explore: what the explorer shows of runs, one file a question; it knows no page and no HTTP."""

from latentscape.workflows.explore.opening import open_exhibits

__all__ = ["open_exhibits"]

"""Where shards are worked on: one Executor protocol, several machines."""

from latentscape.engine.executor import Executor
from latentscape.engine.local import LocalExecutor

__all__ = ["Executor", "LocalExecutor"]

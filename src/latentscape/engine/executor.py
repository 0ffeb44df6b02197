"""Where shards are worked on. A task is a top-level function of its config and one shard."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

Shard = TypeVar("Shard")
Result = TypeVar("Result")


class Executor(Protocol):
    """Runs one task over many shards, on this machine or on others.

    The task is a top-level function with its config bound by `functools.partial`; it, the shards
    and the results must be picklable. Whatever the executor, the set of results is the same.
    """

    def map(
        self, task: Callable[[Shard], Result], shards: Iterable[Shard]
    ) -> Iterator[tuple[Shard, Result]]:
        """Each shard with its result, in whatever order they are done.

        An error in the task is raised here, as it was raised there; shards not yet begun are
        then left undone.
        """
        ...

"""This machine: in the program's own process, or over a few processes of its own."""

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from latentscape.errors import LatentscapeError, UsageError

Shard = TypeVar("Shard")
Result = TypeVar("Result")

AHEAD = 2


class LocalExecutor:
    """Works on shards on this machine.

    Args:
        n_processes: 1 works in the program's own process. More are started fresh (spawned), so
            that no thread or device state is inherited, and share the cores between them.
    """

    def __init__(self, n_processes: int = 1):
        if n_processes < 1:
            raise UsageError(
                f"{n_processes} processes cannot do any work", "give at least 1 process"
            )
        self.n_processes = n_processes

    def map(
        self, task: Callable[[Shard], Result], shards: Iterable[Shard]
    ) -> Iterator[tuple[Shard, Result]]:
        """Each shard with its result; in order with one process, as they finish with more.

        Raises:
            LatentscapeError: If a process dies, e.g. for want of memory.
        """
        if self.n_processes == 1:
            return ((shard, task(shard)) for shard in shards)
        return self._map_over_processes(task, shards)

    def _map_over_processes(
        self, task: Callable[[Shard], Result], shards: Iterable[Shard]
    ) -> Iterator[tuple[Shard, Result]]:
        pool = ProcessPoolExecutor(
            self.n_processes,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_share_cores,
            initargs=(self.n_processes,),
        )
        waiting = iter(shards)
        begun: dict[Future[Result], Shard] = {}
        try:
            while True:
                # A few shards ahead keep every process busy; all of them would fill memory.
                while len(begun) < AHEAD * self.n_processes:
                    try:
                        shard = next(waiting)
                    except StopIteration:
                        break
                    begun[pool.submit(task, shard)] = shard
                if not begun:
                    return
                done, _ = wait(begun, return_when=FIRST_COMPLETED)
                for future in done:
                    yield begun.pop(future), future.result()
        except BrokenProcessPool as error:
            raise LatentscapeError(
                "a worker process died, most often for want of memory",
                "use fewer processes or a smaller batch; finished shards are kept",
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _share_cores(n_processes: int) -> None:
    """Runs first in each new process, before any library reads how many threads it may start."""
    threads = max(1, (os.cpu_count() or 1) // n_processes)
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))

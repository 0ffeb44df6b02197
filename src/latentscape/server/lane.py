"""Threads that work for requests: newest first, bounded, with a time limit, and never for nobody.

A thread cannot be stopped from outside. One that outlives the time limit loses its request, which
is told so, and a spare takes its place; when the spares are out too, requests are told at once.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from time import monotonic
from typing import Any

N_SPARE = 2
IDLE_SECONDS = 10.0


class BusyError(Exception):
    """There is too much to do, or what does it takes too long."""


class SupersededError(Exception):
    """The same viewer has asked for something newer."""


class GoneError(Exception):
    """Nobody waits for the answer any more."""


class Job:
    """What is to be done for one request, and where its answer goes."""

    def __init__(self, work: Callable[[], Any], viewer: str = ""):
        self.work = work
        self.viewer = viewer
        self.answer: Future = Future()

    def finish(self, value: Any) -> None:
        """Hand the answer over, if it is still awaited."""
        with suppress(InvalidStateError):
            self.answer.set_result(value)

    def fail(self, error: BaseException) -> None:
        """Say what went wrong, if that is still awaited."""
        with suppress(InvalidStateError):
            self.answer.set_exception(error)


def each(jobs: list[Job]) -> None:
    """Do jobs one after another; a fault is its own job's."""
    for job in jobs:
        try:
            job.finish(job.work())
        except Exception as error:
            job.fail(error)


class Lane:
    """Work in threads of its own.

    Args:
        name: Of what works here, for a request that is told to wait.
        perform: Finishes or fails each job of a list.
        n_threads: How many lists are in work at the same time.
        most_waiting: Jobs that wait; one more, and the oldest is told that there is too much to do.
        most_together: Jobs in one list.
        seconds: After which a request, waiting or in work, is given up.
    """

    def __init__(
        self,
        name: str,
        perform: Callable[[list[Job]], None] = each,
        *,
        n_threads: int = 1,
        most_waiting: int = 64,
        most_together: int = 1,
        seconds: float = 20.0,
    ):
        self.name = name
        self.seconds = seconds
        self._perform = perform
        self._most_waiting = most_waiting
        self._most_together = most_together
        self._n_threads = n_threads
        self._waiting: deque[Job] = deque()
        self._in_work: dict[threading.Thread, tuple[float, list[Job]]] = {}
        self._idle: set[threading.Thread] = set()
        self._lost: set[threading.Thread] = set()
        self._changed = threading.Condition()

    async def ask(
        self,
        work: Callable[[], Any],
        *,
        viewer: str = "",
        gone: Callable[[], Awaitable[Any]] | None = None,
    ) -> Any:
        """Have something done.

        Args:
            viewer: Whoever has one wish at a time: what it asked for before, and what was not
                begun, ends as `SupersededError`.
            gone: Returns when nobody waits any more; what was not begun is then not done.

        Raises:
            BusyError: If it was not done in time, or there is too much to do.
            SupersededError: If the same viewer asked again before it was begun.
            GoneError: If `gone` came first.
        """
        job = Job(work, viewer)
        self._submit(job)
        awaited: set[asyncio.Future] = {answer := asyncio.wrap_future(job.answer)}
        if gone is not None:
            awaited.add(asyncio.ensure_future(gone()))
        try:
            done, _ = await asyncio.wait(
                awaited, timeout=self.seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if answer in done:
                return answer.result()
            if done:
                raise GoneError
            with self._changed:
                self._relieve()
            raise BusyError(f"{self.name} took longer than {self.seconds:g} s")
        finally:
            for future in awaited:
                future.cancel()
            if answer.cancelled():
                self._forget(job)

    def _submit(self, job: Job) -> None:
        with self._changed:
            self._relieve()
            if self._stuck():
                raise BusyError(f"{self.name} is busy with something that does not end")
            if job.viewer:
                self._supersede(job.viewer)
            self._waiting.append(job)
            while len(self._waiting) > self._most_waiting:
                self._waiting.popleft().fail(BusyError(f"{self.name} has too much to do"))
            self._changed.notify()
            if len(self._waiting) > len(self._idle):
                self._start()

    def _supersede(self, viewer: str) -> None:
        older = [job for job in self._waiting if job.viewer == viewer]
        for job in older:
            self._waiting.remove(job)
            job.fail(SupersededError())

    def _forget(self, job: Job) -> None:
        with self._changed:
            if job in self._waiting:
                self._waiting.remove(job)

    def _start(self) -> None:
        """One thread more, where there may be one more."""
        if len(self._idle) + len(self._in_work) - len(self._lost) >= self._n_threads:
            return
        thread = threading.Thread(target=self._run, name=f"latentscape {self.name}", daemon=True)
        self._idle.add(thread)
        thread.start()

    def _overdue(self) -> list[threading.Thread]:
        began = monotonic() - self.seconds
        late = [thread for thread, (since, _) in self._in_work.items() if since <= began]
        return [thread for thread in late if thread not in self._lost]

    def _stuck(self) -> bool:
        """Whether every thread that counts is overdue and no spare is left."""
        return len(self._overdue()) >= self._n_threads

    def _relieve(self) -> None:
        """Give up lists that take too long, and put spares in their threads' places."""
        for thread in self._overdue():
            for job in self._in_work[thread][1]:
                job.fail(BusyError(f"{self.name} took longer than {self.seconds:g} s"))
            if len(self._lost) < N_SPARE:
                self._lost.add(thread)
                if self._waiting:
                    self._start()

    def _run(self) -> None:
        me = threading.current_thread()
        while jobs := self._take(me):
            try:
                self._perform(jobs)
            except Exception as error:
                for job in jobs:
                    job.fail(error)
            del jobs  # the answers are not kept while the thread waits

    def _take(self, me: threading.Thread) -> list[Job]:
        """The newest that wait, as soon as there are any; nothing when the thread may end."""
        with self._changed:
            self._in_work.pop(me, None)
            if me in self._lost:
                self._lost.remove(me)
                return []
            self._idle.add(me)
            try:
                while True:
                    jobs = self._newest()
                    if jobs:
                        self._in_work[me] = (monotonic(), jobs)
                        return jobs
                    if not self._changed.wait(IDLE_SECONDS) and not self._waiting:
                        return []
            finally:
                self._idle.discard(me)

    def _newest(self) -> list[Job]:
        jobs: list[Job] = []
        while self._waiting and len(jobs) < self._most_together:
            job = self._waiting.pop()
            if job.answer.set_running_or_notify_cancel():
                jobs.append(job)
        return jobs

"""Lanes and the decoder's queue: together, newest first, bounded; a fault costs its own request."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from latentscape.server import lane as lane_module
from latentscape.server.lane import BusyError, GoneError, Lane, SupersededError
from latentscape.server.queue import MOST_TOGETHER, DecodeQueue


class Gate:
    """A decoder that waits to be let through; latents come back as their images."""

    def __init__(self) -> None:
        self.calls: list[list[float]] = []
        self.began = threading.Semaphore(0)
        self.open = threading.Event()
        self.at_once = 0
        self.most_at_once = 0

    def __call__(self, latents: np.ndarray) -> np.ndarray:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.calls.append(latents[:, 0].tolist())
        self.began.release()
        assert self.open.wait(10)
        self.at_once -= 1
        if (latents == -1).any():
            raise ValueError("the decoder fell over")
        return latents[:, None, None].astype(np.uint8)


def wish(value: float, n: int = 1) -> Callable[[], tuple[np.ndarray, Any]]:
    return lambda: (np.full((n, 1), value, np.float32), value)


def at_work() -> int:
    """Threads of lanes; a test has others beside them."""
    return sum(thread.name.startswith("latentscape ") for thread in threading.enumerate())


async def started(gate: Gate) -> None:
    await asyncio.to_thread(gate.began.acquire)


async def asking(queue: DecodeQueue, *wishes: Any, **how: Any) -> list[asyncio.Task]:
    tasks = []
    for one in wishes:
        tasks.append(asyncio.create_task(queue.ask(one, **how)))
        await asyncio.sleep(0)  # so that they come in this order
    return tasks


async def meanwhile(gate: Gate, queue: DecodeQueue, *wishes: Any, **how: Any) -> list[Any]:
    """Answers to wishes that all came while the decoder was at another."""
    first = await asking(queue, wish(99))
    await started(gate)
    tasks = await asking(queue, *wishes, **how)
    gate.open.set()
    await first[0]
    return await asyncio.gather(*tasks, return_exceptions=True)


def test_what_waits_is_decoded_in_one_call_newest_first(awaited):
    gate = Gate()
    answers = awaited(meanwhile(gate, DecodeQueue(gate), wish(1), wish(2, n=3), wish(3)))
    assert gate.calls == [[99], [3, 2, 2, 2, 1]]
    assert [(answer.told, answer.pixels.ravel().tolist()) for answer in answers] == [
        (1, [1]), (2, [2, 2, 2]), (3, [3]),
    ]  # fmt: skip
    assert gate.most_at_once == 1


def test_a_call_of_the_decoder_is_bounded(awaited):
    gate = Gate()
    wishes = [wish(i) for i in range(MOST_TOGETHER + 5)]
    answers = awaited(meanwhile(gate, DecodeQueue(gate), *wishes, wish(7, n=150)))
    assert max(map(len, gate.calls)) == MOST_TOGETHER
    assert [int(answer.pixels[0, 0, 0, 0]) for answer in answers] == [*range(len(wishes)), 7]
    assert len(answers[-1].pixels) == 150


def test_a_latent_that_breaks_the_decoder_costs_one_request(awaited):
    gate = Gate()
    answers = awaited(meanwhile(gate, DecodeQueue(gate), wish(1), wish(-1), wish(3)))
    assert isinstance(answers[1], ValueError)
    assert [answers[0].told, answers[2].told] == [1, 3]
    assert gate.calls[1:] == [[3, -1, 1], [3], [-1], [1]]


def test_a_wish_that_has_no_latents_costs_one_request(awaited):
    def broken() -> Any:
        raise KeyError("no such place")

    gate = Gate()
    answers = awaited(meanwhile(gate, DecodeQueue(gate), wish(1), broken))
    assert isinstance(answers[1], KeyError)
    assert answers[0].told == 1


@pytest.mark.parametrize("n_images", [0, 3])
def test_a_decoder_that_gives_another_number_of_images_fails(n_images, awaited):
    queue = DecodeQueue(lambda latents: np.zeros((n_images, 2, 2, 1), np.uint8))
    with pytest.raises(RuntimeError, match=f"{n_images} images"):
        awaited(queue.ask(wish(1)))


def test_a_newer_wish_takes_the_older_ones_place(awaited):
    gate = Gate()
    answers = awaited(meanwhile(gate, DecodeQueue(gate), wish(1), wish(2), wish(3), viewer="me"))
    assert [type(answer) for answer in answers[:2]] == [SupersededError] * 2
    assert gate.calls == [[99], [3]]


def test_viewers_do_not_take_each_others_place(awaited):
    async def both() -> list[Any]:
        gate, first = Gate(), None
        queue = DecodeQueue(gate)
        first = await asking(queue, wish(99))
        await started(gate)
        tasks = [
            *await asking(queue, wish(1), viewer="a"),
            *await asking(queue, wish(2), viewer="b"),
        ]
        gate.open.set()
        return await asyncio.gather(*first, *tasks)

    assert [answer.told for answer in awaited(both())] == [99, 1, 2]


def test_what_nobody_waits_for_is_not_decoded(awaited):
    async def leave() -> list[list[float]]:
        gate = Gate()
        queue = DecodeQueue(gate)
        first = await asking(queue, wish(99))
        await started(gate)
        gone = asyncio.Event()
        leaving = await asking(queue, wish(1), gone=gone.wait)
        cancelled = await asking(queue, wish(2))
        staying = await asking(queue, wish(3))
        gone.set()
        with pytest.raises(GoneError):
            await leaving[0]
        cancelled[0].cancel()
        await asyncio.sleep(0)
        gate.open.set()
        await asyncio.gather(*first, *staying)
        return gate.calls

    assert awaited(leave()) == [[99], [3]]


def test_only_so_many_wait_and_the_oldest_give_way(awaited):
    gate = Gate()
    wishes = [wish(i) for i in range(6)]
    answers = awaited(meanwhile(gate, DecodeQueue(gate, most_waiting=4), *wishes))
    assert [type(answer) for answer in answers[:2]] == [BusyError] * 2
    assert [answer.told for answer in answers[2:]] == [2, 3, 4, 5]


def test_a_decoder_that_hangs_costs_one_request(awaited):
    """The next is decoded by a spare thread, and the one that comes back late ends."""
    stuck = threading.Event()
    n_threads = at_work()

    def decode(latents: np.ndarray) -> np.ndarray:
        if latents[0, 0] == 1:
            stuck.wait(10)
        return np.zeros((len(latents), 2, 2, 1), np.uint8)

    async def ask() -> None:
        queue = DecodeQueue(decode, seconds=0.2)
        with pytest.raises(BusyError, match="took longer than"):
            await queue.ask(wish(1))
        for value in (2, 3):
            assert (await queue.ask(wish(value))).told == value

    awaited(ask())
    stuck.set()
    deadline = time.monotonic() + 5
    while at_work() > n_threads + 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert at_work() <= n_threads + 1


def test_a_decoder_that_always_hangs_is_told_at_once_and_takes_no_more_threads(awaited):
    stuck = threading.Event()
    asked = []

    def decode(latents: np.ndarray) -> np.ndarray:
        asked.append(1)
        stuck.wait(10)
        return np.zeros((len(latents), 2, 2, 1), np.uint8)

    async def ask() -> None:
        queue = DecodeQueue(decode, seconds=0.1)
        for _ in range(8):
            with pytest.raises(BusyError):
                await queue.ask(wish(1))
        with pytest.raises(BusyError, match="does not end"):
            await queue.ask(wish(1))
        assert len(asked) == 1 + lane_module.N_SPARE
        stuck.set()
        await asyncio.sleep(0.2)
        assert (await queue.ask(wish(1))).told == 1

    awaited(ask())


def test_a_lane_works_for_as_many_as_it_has_threads(awaited):
    meeting = threading.Barrier(4)

    async def ask() -> None:
        lane = Lane("readers", n_threads=4)
        await asyncio.gather(*(lane.ask(lambda: meeting.wait(5)) for _ in range(8)))

    awaited(ask())


def test_threads_that_have_nothing_to_do_end(monkeypatch, awaited):
    monkeypatch.setattr(lane_module, "IDLE_SECONDS", 0.02)
    before = at_work()

    async def ask() -> None:
        lane = Lane("readers", n_threads=3)
        for _ in range(2):
            await asyncio.gather(*(lane.ask(lambda: 1) for _ in range(20)))
            await asyncio.sleep(0.1)

    awaited(ask())
    deadline = time.monotonic() + 5
    while at_work() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert at_work() <= before

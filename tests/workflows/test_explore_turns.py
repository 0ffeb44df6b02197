"""A pass through the networks that hangs costs its own request, not all that come after."""

from threading import Event, Thread

import numpy as np
import pytest

from latentscape.records.exhibit import Journey
from latentscape.workflows import opening
from latentscape.workflows.encode import encode
from latentscape.workflows.explore import live, open_exhibits, travel
from latentscape.workflows.explore.turns import Turns

LATENTS = np.zeros((1, 2), np.float32)


@pytest.fixture
def exhibit(vae):
    encode(vae)
    return open_exhibits(vae)["0"]


def in_time(work):
    """What work comes to; fails where it does not end."""
    found = []
    thread = Thread(target=lambda: found.append(work()), daemon=True)
    thread.start()
    thread.join(20)
    assert found, "it still waits"
    return found[0]


class Hanging:
    """Hangs at its first call until it is let go; otherwise as it was."""

    def __init__(self, work):
        self.work, self.n = work, 0
        self.began, self.go = Event(), Event()

    def __call__(self, *given, **named):
        self.n += 1
        if self.n == 1:
            self.began.set()
            self.go.wait(30)
        return self.work(*given, **named)


def test_a_decoder_that_hangs_once_is_opened_anew(exhibit, monkeypatch):
    wanted, old = exhibit.decode(LATENTS), exhibit.live.model
    hanging = Hanging(opening.decode)
    monkeypatch.setattr(opening, "decode", hanging)
    monkeypatch.setattr(live, "PASS_SECONDS", 0.2, raising=False)
    stuck = Thread(target=exhibit.decode, args=(LATENTS,), daemon=True)
    stuck.start()
    assert hanging.began.wait(10)
    np.testing.assert_array_equal(in_time(lambda: exhibit.decode(LATENTS)), wanted)
    assert in_time(lambda: exhibit.live.model) is not old
    hanging.go.set()
    stuck.join(20)
    assert not stuck.is_alive()
    np.testing.assert_array_equal(in_time(lambda: exhibit.decode(LATENTS)), wanted)


def test_a_journey_that_hangs_lets_the_next_one_go(exhibit, monkeypatch):
    hanging = Hanging(travel.Traveller._travelled)
    monkeypatch.setattr(travel.Traveller, "_travelled", lambda *given: hanging(*given))
    monkeypatch.setattr(travel, "TRIP_SECONDS", 0.2, raising=False)
    journey = Journey((0, 1), "linear", 5)
    stuck = Thread(target=exhibit.travel, args=(journey,), daemon=True)
    stuck.start()
    assert hanging.began.wait(10)
    told, _ = in_time(lambda: exhibit.travel(journey))
    assert told.rows == (0, 1)
    hanging.go.set()
    stuck.join(20)


def test_turns_are_one_at_a_time_while_they_keep_to_their_time():
    turns, inside, most = Turns(lambda: pytest.fail("nobody was late")), [], []

    def work():
        for _ in range(50):
            with turns.one(10):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert max(most) == 1
    assert len(most) == 200

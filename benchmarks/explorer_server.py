"""The explorer's server under many hands: clients that drag a pointer over a map of a real run.

    python benchmarks/explorer_server.py runs/x [--clients 50] [--seconds 60]

Each client asks for the image under a pointer that moves on a circle, as soon as it has the last
one but no sooner than a screen is drawn; now and then one turns away before its answer comes. The
server is a process of its own; its memory is read from outside.
"""

import argparse
import asyncio
import json
import math
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from urllib.parse import urlsplit

import psutil

FRAME = 1 / 60
TURNS_AWAY = 0.02
START = (
    "import sys; from latentscape.explorer import explore; "
    "explore(sys.argv[1], port=0, open_browser=False)"
)


@dataclass
class Tally:
    """What clients saw: seconds from asking to the whole image, by status; the server's memory and
    the seconds that its processors worked."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    turned_away: int = 0
    bytes_held: list[int] = field(default_factory=list)
    work: float = 0.0


@contextmanager
def a_server(*command: str) -> Iterator[tuple[str, psutil.Process]]:
    """A server in a process of its own: its link, once it is printed, and the process."""
    process = subprocess.Popen([sys.executable, "-c", *command], stderr=subprocess.PIPE, text=True)
    with process:
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if line.startswith("the explorer is at "):
                    yield line.split()[-1], psutil.Process(process.pid)
                    break
            else:
                raise SystemExit("the server did not start")
        finally:
            process.terminate()


async def ask(link: str, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
    """One request over a connection of its own."""
    parts = urlsplit(link)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        return await over(reader, writer, f"{method} {path}", body)
    finally:
        writer.close()


async def over(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, words: str, body: bytes
) -> tuple[int, bytes]:
    """One request over a connection that is kept."""
    writer.write(request(words, body))
    answer = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = int(answer.split("content-length:")[1].split()[0])
    return int(answer.split()[1]), await reader.readexactly(length)


def request(words: str, body: bytes) -> bytes:
    """Its bytes."""
    head = f"{words} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def drag(link: str, name: str, client: int, *, until: float, tally: Tally) -> None:
    """One client: looks along a circle of its own on a map until the time is over."""
    rng, parts, words = random.Random(client), urlsplit(link), "POST /api/exhibits/0/look"
    stream = await asyncio.open_connection(parts.hostname, parts.port)
    angle = float(client)
    while (asked := perf_counter()) < until:
        angle += 1 / 30
        place = {"map": name, "x": 2 * math.cos(angle), "y": 2 * math.sin(angle)}
        body = json.dumps({**place, "view": f"client {client}"}).encode()
        if rng.random() < TURNS_AWAY:
            stream[1].write(request(words, body))
            await stream[1].drain()
            stream[1].close()
            stream = await asyncio.open_connection(parts.hostname, parts.port)
            tally.turned_away += 1
            continue
        status, _ = await over(*stream, words, body)
        tally.seconds.append(perf_counter() - asked)
        tally.statuses[status] = tally.statuses.get(status, 0) + 1
        await asyncio.sleep(max(0.0, FRAME - (perf_counter() - asked)))
    stream[1].close()


async def watch(process: psutil.Process, *, until: float, tally: Tally) -> None:
    """Note the server's memory twice a second, and its work."""
    before = process.cpu_times()
    while perf_counter() < until:
        tally.bytes_held.append(process.memory_info().rss)
        await asyncio.sleep(0.5)
    after = process.cpu_times()
    tally.work = after.user + after.system - before.user - before.system


async def dragging(link: str, process: psutil.Process, *, n_clients: int, seconds: float) -> Tally:
    """Clients that drag at the same time."""
    _, exhibition = await ask(link, "GET", "/api/exhibition")
    name = json.loads(exhibition)["exhibits"][0]["maps"][0]["name"]
    look = json.dumps({"map": name, "x": 0, "y": 0}).encode()
    status, _ = await ask(link, "POST", "/api/exhibits/0/look", look)  # the model is opened
    assert status == 200, status
    tally, until = Tally(), perf_counter() + seconds
    clients = [drag(link, name, i, until=until, tally=tally) for i in range(n_clients)]
    await asyncio.gather(*clients, watch(process, until=until, tally=tally))
    return tally


def told(tally: Tally, n_clients: int, seconds: float) -> str:
    """A line of numbers."""
    times = sorted(tally.seconds)
    shares = {
        f"{share:.0%}": 1000 * times[int(share * (len(times) - 1))] for share in (0.5, 0.95, 0.99)
    }
    places = ", ".join(f"{name} {value:.1f} ms" for name, value in shares.items())
    work = 1000 * tally.work / len(times)
    held = [size / 2**20 for size in tally.bytes_held]
    quarter = max(1, len(held) // 4)
    return (
        f"{n_clients} clients, {seconds:g} s: {len(times) / seconds:.0f} looks/s; pointer to image "
        f"{places}; {work:.1f} ms of processor a look; statuses {tally.statuses}; "
        f"{tally.turned_away} turned away; memory "
        f"{max(held[:quarter]):.0f} MB at most in the first quarter, {max(held[-quarter:]):.0f} MB "
        "in the last"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    args = parser.parse_args()
    with a_server(START, args.run) as (link, process):
        for n_clients, seconds in ((1, min(10.0, args.seconds)), (args.clients, args.seconds)):
            tally = asyncio.run(dragging(link, process, n_clients=n_clients, seconds=seconds))
            print(told(tally, n_clients, seconds), flush=True)


if __name__ == "__main__":
    main()

"""The decoder's queue: what waits is decoded in one call, newest first.

Dragging a pointer asks for more images than anyone can see. So whatever waits when the decoder
becomes free goes through it together, the newest first, and what nobody waits for is left out.
"""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import numpy as np

from latentscape.server.lane import Job, Lane

MOST_TOGETHER = 64


class Decoded(NamedTuple):
    """Images uint8 ``k height width channels``, and what was said of their latents."""

    pixels: np.ndarray
    told: Any


class DecodeQueue:
    """One decoder, and the requests that wait for it.

    Args:
        decode: Latents (k, D) to images; asked for at most `MOST_TOGETHER` at a time, one call
            after another unless a call outlives the time limit.
        most_waiting, seconds: As in `Lane`.
    """

    def __init__(
        self,
        decode: Callable[[np.ndarray], np.ndarray],
        *,
        most_waiting: int = 256,
        seconds: float = 15.0,
    ):
        self._decode = decode
        self._lane = Lane(
            "the decoder",
            self._perform,
            most_waiting=most_waiting,
            most_together=MOST_TOGETHER,
            seconds=seconds,
        )

    async def ask(
        self,
        latents: Callable[[], tuple[np.ndarray, Any]],
        *,
        viewer: str = "",
        gone: Callable[[], Awaitable[Any]] | None = None,
    ) -> Decoded:
        """Latents, and something to say of them, to images; all else as in `Lane.ask`.

        Args:
            latents: Called in the decoder's own thread, where the request is still awaited.
        """
        return await self._lane.ask(latents, viewer=viewer, gone=gone)

    def _perform(self, jobs: list[Job]) -> None:
        ready: list[tuple[Job, np.ndarray, Any]] = []
        for job in jobs:
            try:
                ready.append((job, *job.work()))
            except Exception as error:
                job.fail(error)
        if not ready:
            return
        try:
            images = self._images(np.concatenate([latents for _, latents, _ in ready]))
        except Exception as error:
            self._one_by_one(ready, error)
            return
        ends = np.cumsum([len(latents) for _, latents, _ in ready])[:-1]
        for (job, _, told), own in zip(ready, np.split(images, ends), strict=True):
            # A copy, so that one slow reader does not keep everybody's images.
            job.finish(Decoded(own if len(ready) == 1 else own.copy(), told))

    def _one_by_one(self, ready: list[tuple[Job, np.ndarray, Any]], error: Exception) -> None:
        """One latent that cannot be decoded costs its own request, not its neighbours'."""
        if len(ready) == 1:
            ready[0][0].fail(error)
            return
        for job, latents, told in ready:
            try:
                job.finish(Decoded(self._images(latents), told))
            except Exception as own_error:
                job.fail(own_error)

    def _images(self, latents: np.ndarray) -> np.ndarray:
        pieces = range(0, len(latents), MOST_TOGETHER)
        images = np.concatenate([self._decode(latents[i : i + MOST_TOGETHER]) for i in pieces])
        if len(images) != len(latents):
            raise RuntimeError(f"{len(latents)} latents were decoded to {len(images)} images")
        return images

"""Latents and what is decoded of them: `latents`, `look`, `decode`."""

from typing import Annotated

import numpy as np
from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

from latentscape.records.exhibit import Look
from latentscape.records.packet import pack
from latentscape.server.answers import PacketAnswer
from latentscape.server.desk import AskedNow
from latentscape.server.wishes import PACKET_IN, Name, Sample, Wish, latents_of

router = APIRouter()


class LatentsWanted(Wish):
    """Of which samples."""

    rows: Annotated[tuple[Sample, ...], Field(min_length=1, max_length=4_096)]


class LookWanted(Wish):
    """A place of a map.

    Attributes:
        view: A name that the page makes up for whatever shows one image at a time; its newer look
            takes the place of its older one.
    """

    map: Name
    x: Annotated[float, Field(ge=-1e9, le=1e9)]
    y: Annotated[float, Field(ge=-1e9, le=1e9)]
    view: Annotated[str, Field(max_length=40)] | None = None


@router.post("/exhibits/{key}/latents", response_class=PacketAnswer)
async def latents(asked: AskedNow, wanted: LatentsWanted) -> Response:
    """`latents` (k, D) float32, posterior means."""
    asked.rows(wanted.rows)
    return await asked.read(lambda: PacketAnswer(pack(latents=asked.exhibit.latents(wanted.rows))))


@router.post("/exhibits/{key}/look", response_class=PacketAnswer, responses={200: {"model": Look}})
async def look(asked: AskedNow, wanted: LookWanted) -> Response:
    """A packet of `Look` and `pixels` (1, height, width, channels): what is decoded there."""
    asked.need("decode")
    asked.map(wanted.map)

    def lift() -> tuple[np.ndarray, Look]:
        latent, told = asked.exhibit.lift(wanted.map, wanted.x, wanted.y)
        return latent[None], told

    pixels, told = await asked.decode(lift, wanted.view)
    return PacketAnswer(pack(told, pixels=pixels))


@router.post("/exhibits/{key}/decode", response_class=PacketAnswer, openapi_extra=PACKET_IN)
async def decode(asked: AskedNow) -> Response:
    """`latents` (k, D) float32 in, `pixels` (k, height, width, channels) uint8 out."""
    asked.need("decode")
    wanted = await latents_of(asked)
    asked.room(len(wanted))
    pixels, _ = await asked.decode(lambda: (wanted, None))
    return PacketAnswer(pack(pixels=pixels))

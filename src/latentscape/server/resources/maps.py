"""`GET /api/exhibits/KEY/maps/MAP` and what lies on a map: places of latents, a decoded grid."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from latentscape.records.exhibit import MOST_TILES, Manifold, tile_side
from latentscape.records.packet import MEDIA_TYPE, pack
from latentscape.server.answers import PacketAnswer, kept
from latentscape.server.desk import AskedNow
from latentscape.server.wishes import PACKET_IN, Name, latents_of

router = APIRouter()


@router.get("/exhibits/{key}/maps/{map}", response_class=PacketAnswer)
async def points(asked: AskedNow, map: Name) -> Response:
    """`positions` (m, 2) float32 and `rows` (m,) uint32, the sample that each is."""
    asked.map(map)

    def work() -> Response:
        positions, rows = asked.exhibit.points(map)
        return kept(asked.request, pack(positions=positions, rows=rows), MEDIA_TYPE)

    return await asked.read(work)


@router.post("/exhibits/{key}/place", response_class=PacketAnswer, openapi_extra=PACKET_IN)
async def place(asked: AskedNow, map: Name) -> Response:
    """`latents` (k, D) in, `positions` (k, 2) float32 out."""
    asked.map(map)
    latents = await latents_of(asked)
    return await asked.read(lambda: PacketAnswer(pack(positions=asked.exhibit.place(map, latents))))


@router.get(
    "/exhibits/{key}/manifold", response_class=PacketAnswer, responses={200: {"model": Manifold}}
)
async def manifold(
    asked: AskedNow,
    map: Name,
    side: Annotated[int, Query(ge=2, le=MOST_TILES)] = 20,
) -> Response:
    """A packet of `Manifold` and `pixels`, decoded images row by row from the top."""
    asked.need("decode")
    asked.map(map)
    asked.room(side * side, tile_side(side))

    def work() -> Response:
        about, pixels = asked.exhibit.manifold(map, side)
        return kept(asked.request, pack(about, pixels=pixels), MEDIA_TYPE)

    return await asked.make(work)

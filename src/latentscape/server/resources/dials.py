"""`GET /api/exhibits/KEY/dials`: directions along which one can turn."""

from fastapi import APIRouter
from fastapi.responses import Response

from latentscape.records.exhibit import Dials
from latentscape.records.packet import MEDIA_TYPE, pack
from latentscape.server.answers import PacketAnswer, kept
from latentscape.server.desk import AskedNow

router = APIRouter()


@router.get("/exhibits/{key}/dials", response_class=PacketAnswer, responses={200: {"model": Dials}})
async def dials(asked: AskedNow) -> Response:
    """A packet of `Dials`, `directions` (k, D) and `centre` (D,)."""
    asked.need("dials")

    def work() -> Response:
        told, directions, centre = asked.exhibit.dials()
        packet = pack(told, directions=directions, centre=centre)
        return kept(asked.request, packet, MEDIA_TYPE)

    return await asked.make(work)

"""`GET /api/exhibits/KEY/columns/NAME`: a number or a category of every sample."""

from fastapi import APIRouter
from fastapi.responses import Response

from latentscape.records.packet import MEDIA_TYPE, pack
from latentscape.server.answers import PacketAnswer, kept
from latentscape.server.desk import AskedNow
from latentscape.server.wishes import Name

router = APIRouter()


@router.get("/exhibits/{key}/columns/{name:path}", response_class=PacketAnswer)
async def column(asked: AskedNow, name: Name) -> Response:
    """`values` (n,) float32; NaN, or −1 of a category, where there is no value."""
    asked.column(name)

    def work() -> Response:
        return kept(asked.request, pack(values=asked.exhibit.column(name)), MEDIA_TYPE)

    return await asked.read(work)

"""`POST /api/exhibits/KEY/images`: images of samples, as they are or as the model has them."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

from latentscape.records.packet import pack
from latentscape.server.answers import PacketAnswer
from latentscape.server.desk import AskedNow
from latentscape.server.exhibit import ImageKind
from latentscape.server.wishes import Sample, Wish

router = APIRouter()


class ImagesWanted(Wish):
    """Of which samples, and at most how many pixels high and wide."""

    rows: Annotated[tuple[Sample, ...], Field(min_length=1, max_length=1_024)]
    kind: ImageKind = "original"
    side: Annotated[int, Field(ge=1, le=4_096)] | None = None


@router.post("/exhibits/{key}/images", response_class=PacketAnswer)
async def images(asked: AskedNow, wanted: ImagesWanted) -> Response:
    """`pixels` (k, height, width, channels) uint8."""
    asked.need("images" if wanted.kind == "original" else "reconstructions")
    asked.rows(wanted.rows)
    asked.room(len(wanted.rows), wanted.side)

    def work() -> Response:
        pixels = asked.exhibit.images(wanted.rows, wanted.kind, wanted.side)
        return PacketAnswer(pack(pixels=pixels))

    return await (asked.load if wanted.kind == "original" else asked.remake)(work)

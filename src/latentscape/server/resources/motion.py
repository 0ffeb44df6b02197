"""`GET /api/exhibits/KEY/motion`: triplets and shots, and the middles that were guessed."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response

from latentscape.records.exhibit import Middles, MotionCard
from latentscape.records.packet import MEDIA_TYPE, pack
from latentscape.server.answers import PacketAnswer, kept
from latentscape.server.desk import AskedNow

router = APIRouter()


@router.get(
    "/exhibits/{key}/motion", response_class=PacketAnswer, responses={200: {"model": MotionCard}}
)
async def motion(asked: AskedNow) -> Response:
    """A packet of `MotionCard` and `triplets`, `flow`, `displacement`, `courses`, `lengths`."""
    asked.need("motion")

    def work() -> Response:
        told, arrays = asked.exhibit.motion()
        return kept(asked.request, pack(told, **arrays), MEDIA_TYPE)

    return await asked.make(work)


@router.get(
    "/exhibits/{key}/motion/{triplet}",
    response_class=PacketAnswer,
    responses={200: {"model": Middles}},
)
async def middles(asked: AskedNow, triplet: Annotated[int, Path(ge=0, lt=2**31)]) -> Response:
    """A packet of `Middles` and `pixels`: frames of a triplet, true and guessed."""
    asked.need("motion")

    def work() -> Response:
        told, pixels = asked.exhibit.middles(triplet)
        return kept(asked.request, pack(told, pixels=pixels), MEDIA_TYPE)

    return await asked.make(work)

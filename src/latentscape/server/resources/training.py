"""`GET /api/exhibits/KEY/training`: epoch by epoch."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response

from latentscape.records.exhibit import Epochs
from latentscape.records.packet import MEDIA_TYPE, pack
from latentscape.server.answers import PacketAnswer, kept
from latentscape.server.desk import AskedNow

router = APIRouter()


@router.get(
    "/exhibits/{key}/training", response_class=PacketAnswer, responses={200: {"model": Epochs}}
)
async def training(asked: AskedNow) -> Response:
    """A packet of `Epochs`, `positions` (epochs, n, 2) and `labels` (n,)."""
    asked.need("training")

    def work() -> Response:
        told, arrays = asked.exhibit.training()
        return kept(asked.request, pack(told, **arrays), MEDIA_TYPE)

    return await asked.read(work)


@router.get(
    "/exhibits/{key}/training/{epoch}",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}},
)
async def epoch(asked: AskedNow, epoch: Annotated[int, Path(ge=0, lt=2**31)]) -> Response:
    """The prediction matrix of an epoch, a PNG."""
    asked.need("training")
    return await asked.read(lambda: kept(asked.request, asked.exhibit.epoch(epoch), "image/png"))

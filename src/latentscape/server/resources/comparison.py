"""`GET /api/comparison`: exhibits side by side."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from latentscape.records.exhibit import SideBySide
from latentscape.records.packet import MEDIA_TYPE, pack
from latentscape.server.answers import PacketAnswer, RefusedError, kept
from latentscape.server.desk import desk, gone
from latentscape.server.wishes import Name

router = APIRouter()

MOST_SIDES = 4


@router.get("/comparison", response_class=PacketAnswer, responses={200: {"model": SideBySide}})
async def comparison(
    request: Request,
    keys: Annotated[str, Query(max_length=100, description="keys of exhibits, by commas")],
    map: Name,
) -> Response:
    """A packet of `SideBySide`, and of each exhibit its `positions-KEY` and `rows-KEY`."""
    at = desk(request)
    if not at.card.comparable.possible:
        able = at.card.comparable
        raise RefusedError(409, able.why or "these runs cannot be compared", able.hint)
    wanted = tuple(dict.fromkeys(keys.split(",")))
    known = f"known: {', '.join(at.cards)}"
    if unknown := [key for key in wanted if key not in at.cards]:
        raise RefusedError(404, f"there is no exhibit {unknown[0]!r}", known)
    if not 2 <= len(wanted) <= MOST_SIDES:
        raise RefusedError(
            422, f"{len(wanted)} exhibits cannot be set side by side", "two to four can"
        )
    if not any(map == card.method for key in wanted for card in at.cards[key].maps):
        raise RefusedError(404, f"none of them has a map of {map!r}", "project one of them first")

    def work() -> Response:
        told, arrays = at.exhibits.compare(wanted, map)
        return kept(request, pack(told, **arrays), MEDIA_TYPE)

    return await at.making.ask(work, gone=lambda: gone(request))

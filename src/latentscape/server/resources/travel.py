"""`POST /api/exhibits/KEY/travel` and `/film`: a trajectory, judged, and as a file."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field

from latentscape.records.exhibit import FEWEST_STEPS, MOST_KEYS, MOST_STEPS, Travel
from latentscape.records.packet import pack
from latentscape.server.answers import PacketAnswer
from latentscape.server.desk import Asked, AskedNow
from latentscape.server.exhibit import FilmKind, Journey
from latentscape.server.wishes import Name, Sample, Wish

router = APIRouter()

MEDIA = {"gif": "image/gif", "mp4": "video/mp4", "npz": "application/octet-stream"}


class JourneyWanted(Wish):
    """Samples on the way, the way to travel, and how many frames."""

    rows: Annotated[tuple[Sample, ...], Field(min_length=2, max_length=MOST_KEYS)]
    method: Name = "linear"
    n_steps: Annotated[int, Field(ge=FEWEST_STEPS, le=MOST_STEPS)] = 24


def _journey(asked: Asked, wanted: JourneyWanted) -> Journey:
    asked.need("travel")
    asked.rows(wanted.rows)
    asked.way(wanted.method)
    asked.room(2 * wanted.n_steps + len(wanted.rows))  # frames, the dissolve, the originals
    return Journey(wanted.rows, wanted.method, wanted.n_steps)


@router.post(
    "/exhibits/{key}/travel", response_class=PacketAnswer, responses={200: {"model": Travel}}
)
async def travel(asked: AskedNow, wanted: JourneyWanted) -> Response:
    """A packet of `Travel` and the images `frames`, `dissolve` and `originals`."""
    journey = _journey(asked, wanted)

    def work() -> Response:
        told, images = asked.exhibit.travel(journey)
        return PacketAnswer(pack(told, **images))

    return await asked.travel(work)


@router.post(
    "/exhibits/{key}/film",
    response_class=Response,
    responses={200: {"content": {media: {} for media in MEDIA.values()}}},
)
async def film(
    asked: AskedNow, wanted: JourneyWanted, kind: Annotated[FilmKind, Query()] = "gif"
) -> Response:
    """The trajectory as a file."""
    journey = _journey(asked, wanted)
    headers = {"Content-Disposition": f'attachment; filename="journey.{kind}"'}
    return await asked.travel(
        lambda: Response(asked.exhibit.film(journey, kind), media_type=MEDIA[kind], headers=headers)
    )

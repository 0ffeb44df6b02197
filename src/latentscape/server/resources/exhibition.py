"""`GET /api/exhibition`: the cards of all that was opened."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from latentscape.records.exhibit import Exhibition
from latentscape.records.folders import exhibition_shown
from latentscape.records.packet import plain
from latentscape.server.answers import JsonAnswer, Refusal, kept
from latentscape.server.desk import desk

router = APIRouter()


@router.get("/exhibition", response_model=Exhibition, responses={422: {"model": Refusal}})
async def exhibition(request: Request) -> Response:
    """What there is to see and to do."""
    at = desk(request)
    body = JsonAnswer(plain(exhibition_shown(at.card, at.exhibits.folders))).body
    return kept(request, bytes(body), "application/json")

"""`GET /api/exhibits/KEY/samples/ROW` and `/find`: who a sample is, and where one is."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from latentscape.records.exhibit import Found, SampleCard
from latentscape.server.answers import JsonAnswer
from latentscape.server.desk import AskedNow

router = APIRouter()


@router.get("/exhibits/{key}/samples/{row}", response_model=SampleCard)
async def sample(asked: AskedNow, row: Annotated[int, Path(ge=0, lt=2**31)]) -> Response:
    """Identity, numbers and the nearest in the latent space."""
    asked.rows((row,))
    return await asked.read(lambda: JsonAnswer(asked.exhibit.sample(row)))


@router.get("/exhibits/{key}/find", response_model=Found)
async def find(
    asked: AskedNow,
    text: Annotated[str, Query(max_length=200)],
    limit: Annotated[int, Query(ge=1, le=1_000)] = 50,
) -> Response:
    """Samples by id or class, best first."""
    return await asked.read(lambda: JsonAnswer(asked.exhibit.find(text, limit)))

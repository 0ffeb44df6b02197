"""The explorer's HTTP side, put together: a desk behind resources, a guard before them."""

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from latentscape.errors import LatentscapeError
from latentscape.server.answers import RefusedError, answer_for
from latentscape.server.desk import Desk, Pace
from latentscape.server.exhibit import Exhibits
from latentscape.server.guard import Guard, Guarded
from latentscape.server.lane import BusyError, GoneError, SupersededError
from latentscape.server.resources import (
    columns,
    comparison,
    dials,
    drop,
    exhibition,
    images,
    latents,
    maps,
    motion,
    page,
    samples,
    training,
    travel,
)

RESOURCES = (
    exhibition, columns, maps, images, samples, latents, travel, dials, drop, motion, training,
    comparison,
)  # fmt: skip
TOLD = (
    LatentscapeError,
    RefusedError,
    BusyError,
    SupersededError,
    GoneError,
    RequestValidationError,
    HTTPException,
)

# By reference: a model would be taken for the body of a packet, where packets are what is answered.
REFUSED = {
    "description": "What went wrong, and how to mend it",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}},
}


def make_app(
    exhibits: Exhibits, guard: Guard | None = None, *, pace: Pace | None = None
) -> FastAPI:
    """The explorer as an ASGI app.

    Args:
        exhibits: What there is to see; nothing else can be reached.
        guard: Who may ask; by default this machine only.
        pace: Time limits.
    """
    # No pages of FastAPI's own: they load scripts from elsewhere.
    app = FastAPI(
        title="latentscape explorer",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.state.desk = Desk(exhibits, pace or Pace())
    app.state.static = page.static_files()
    app.add_middleware(Guarded, guard=guard or Guard())
    for kind in TOLD:
        app.add_exception_handler(kind, _refuse)
    api = APIRouter(prefix="/api", responses={"4XX": REFUSED, "5XX": REFUSED})
    for resource in RESOURCES:
        api.include_router(resource.router)
    app.include_router(api)
    app.include_router(page.router)
    return app


async def _refuse(request: Request, error: Exception) -> Response:
    return answer_for(error, request.app.state.desk.exhibits.folders)

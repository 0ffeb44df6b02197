"""What the bodies of requests are made of, and how a packet is read."""

import math
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from latentscape.errors import RunError
from latentscape.records.packet import MEDIA_TYPE, unpack
from latentscape.server.answers import RefusedError
from latentscape.server.desk import Asked

MOST_LATENTS = 1_024

Name = Annotated[str, StringConstraints(max_length=200)]
Sample = Annotated[int, Field(ge=0, lt=2**31)]
PACKET_IN: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}


class Wish(BaseModel):
    """The body of a request: nothing that it does not name, and no number that is none."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


async def latents_of(asked: Asked) -> np.ndarray:
    """`latents` (k, D) of the packet that a request brings, finite, of the exhibit's length."""
    try:
        _, arrays = unpack(await asked.request.body())
    except RunError as error:
        raise RefusedError(422, error.message, "send a packet with latents") from error
    latents = arrays.get("latents")
    length = math.prod(asked.card.latent_shape)
    if latents is None or latents.dtype != np.float32:
        raise RefusedError(422, "the packet has no latents of float32", "send latents (k, D)")
    if latents.ndim != 2 or latents.shape[1] != length or not len(latents):
        shape = " × ".join(map(str, latents.shape))
        raise RefusedError(422, f"latents are {shape}", f"this model's are k × {length}")
    if len(latents) > MOST_LATENTS:
        raise RefusedError(422, f"{len(latents)} latents at once", f"at most {MOST_LATENTS}")
    if not np.isfinite(latents).all():
        raise RefusedError(422, "latents must be finite numbers")
    return latents

"""`POST /api/exhibits/KEY/drop`: an image from outside, encoded."""

from io import BytesIO

import numpy as np
from fastapi import APIRouter
from fastapi.responses import Response

from latentscape.records.exhibit import Dropped
from latentscape.records.packet import pack
from latentscape.server.answers import PacketAnswer, RefusedError
from latentscape.server.desk import AskedNow

router = APIRouter()

MOST_PIXELS = 40_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
IMAGE_IN = {
    "requestBody": {
        "required": True,
        "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post(
    "/exhibits/{key}/drop",
    response_class=PacketAnswer,
    responses={200: {"model": Dropped}},
    openapi_extra=IMAGE_IN,
)
async def drop(asked: AskedNow) -> Response:
    """A packet of `Dropped`, `latent` (D,) and `pixels`: the image as the model sees it, and its
    reconstruction."""
    asked.need("encode")
    file = await asked.request.body()

    def work() -> Response:
        told, latent, pixels = asked.exhibit.drop(opened(file))
        return PacketAnswer(pack(told, latent=latent, pixels=pixels))

    return await asked.make(work)


def opened(file: bytes) -> np.ndarray:
    """An image file as uint8 ``height width 3``, upright, on black where it is transparent, as
    images to train on are read: 16 bits to the nearest of 8.

    Its size is read from the head of the file, and refused, before any of it is unpacked.
    """
    from PIL import Image

    from latentscape.data.decode import upright_8_bit

    bombs = (Image.DecompressionBombError, Image.DecompressionBombWarning)
    try:
        with Image.open(BytesIO(file), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise _too_large(f"{image.width} × {image.height} pixels")
            return np.array(upright_8_bit(image).convert("RGB"))
    except bombs as error:
        raise _too_large("far more pixels than a screen has") from error
    except (OSError, ValueError, SyntaxError, TypeError, EOFError, IndexError, KeyError) as error:
        raise RefusedError(
            422,
            "this file is no image that can be read",
            f"known: {', '.join(FORMATS)}; floating-point pixels from 0 to 1",
        ) from error


def _too_large(size: str) -> RefusedError:
    most = f"at most {MOST_PIXELS // 1_000_000} megapixels"
    return RefusedError(413, f"the image has {size}, which is too many", f"{most}: make it smaller")

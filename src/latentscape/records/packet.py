"""The one binary form of the wire: a JSON body and named arrays behind it.

``u32 length of the header | u32 zero | header, UTF-8 JSON, padded with spaces | arrays``,
little-endian. The header is ``{"body": ..., "arrays": [{name, dtype, shape, offset}]}``; offsets
count from the end of the header; header and arrays begin at multiples of eight bytes, so that a
reader takes arrays as views.
"""

import json
import math
import struct
from typing import Any

import numpy as np
from pydantic import BaseModel

from latentscape.errors import RunError

DTYPES = ("float32", "float64", "int32", "uint32", "uint8")
MEDIA_TYPE = "application/vnd.latentscape.packet"


def pack(body: BaseModel | None = None, **arrays: np.ndarray) -> bytes:
    """Body and arrays as bytes.

    Args:
        body: A record without arrays, or nothing.
        **arrays: Of one of `DTYPES`; a name may not begin with an underscore.

    Raises:
        TypeError: If an array is of another type.
    """
    told, parts, offset = [], [], 0
    for name, array in arrays.items():
        if array.dtype.name not in DTYPES:
            raise TypeError(f"{name} is {array.dtype}, which has no place in a packet")
        raw = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
        told.append(
            {"name": name, "dtype": array.dtype.name, "shape": array.shape, "offset": offset}
        )
        padded = raw.tobytes() + b"\0" * (-raw.nbytes % 8)
        parts.append(padded)
        offset += len(padded)
    content = None if body is None else plain(body)
    header = json.dumps({"body": content, "arrays": told}, allow_nan=False).encode()
    header += b" " * (-len(header) % 8)
    return b"".join([struct.pack("<II", len(header), 0), header, *parts])


def plain(body: BaseModel) -> dict[str, Any]:
    """A record as JSON has it; a number that is not finite, which JSON does not know, is null."""
    return _finite(body.model_dump(mode="json"))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    return [_finite(inner) for inner in value] if isinstance(value, list) else value


def unpack(packet: bytes) -> tuple[dict | None, dict[str, np.ndarray]]:
    """The body as JSON has it, and the arrays by name.

    Raises:
        RunError: If it is cut short or damaged.
    """
    try:
        length, _ = struct.unpack_from("<II", packet)
        header = json.loads(packet[8 : 8 + length])
        arrays = {}
        for about in header["arrays"]:
            if about["dtype"] not in DTYPES or any(size < 0 for size in about["shape"]):
                raise ValueError("an array that has no place in a packet")
            dtype = np.dtype(about["dtype"]).newbyteorder("<")
            count, start = math.prod(about["shape"]), 8 + length + about["offset"]
            if start < 8 + length or start + count * dtype.itemsize > len(packet):
                raise ValueError("an array that ends behind the packet")
            # A buffer may not be asked for nothing.
            flat = np.frombuffer(packet, dtype, count, start) if count else np.empty(0, dtype)
            arrays[about["name"]] = flat.reshape(about["shape"])
        return header["body"], arrays
    except (struct.error, ValueError, KeyError, TypeError, RecursionError) as error:
        raise RunError("the packet is cut short or damaged", "write it again") from error

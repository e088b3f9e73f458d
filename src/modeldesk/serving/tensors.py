"""Tensors of the Open Inference Protocol, in JSON and as the bytes of its binary extension."""

import struct
from math import isnan, prod
from typing import Any

import numpy as np

BYTES = "BYTES"  # texts; in bytes, each behind its length
LENGTH = struct.Struct("<I")
DTYPES = {
    "BOOL": "?",
    **{
        f"{sign}INT{bits}": f"<{kind}{bits // 8}"
        for sign, kind in (("", "i"), ("U", "u"))
        for bits in (8, 16, 32, 64)
    },
    **{f"FP{bits}": f"<f{bits // 8}" for bits in (16, 32, 64)},
}
JSON_TYPES: dict[str, tuple[type, ...]] = {
    BYTES: (str,),
    **{name: (bool,) if name == "BOOL" else (int,) for name in DTYPES},
    **dict.fromkeys(("FP32", "FP64"), (int, float)),
}


def from_json(datatype: str, shape: list[int], data: list[Any]) -> list[Any]:
    """The cells in row-major order, null being a gap; flat, or a list for each row.

    Raises ValueError: a sentence says what does not fit.
    """
    if datatype == "FP16":
        raise ValueError("FP16 is taken as binary data only; send FP32 in JSON.")
    cells = data
    if len(shape) > 1 and any(isinstance(row, list) for row in data):
        if any(not isinstance(row, list) or len(row) != shape[1] for row in data):
            raise ValueError(f"Each of its lists should have {shape[1]} values.")
        cells = [cell for row in data for cell in row]
    if len(cells) != prod(shape):
        raise ValueError(f"It has {len(cells)} values where its shape has {prod(shape)}.")
    for index, cell in enumerate(cells):
        if cell is not None and type(cell) not in JSON_TYPES[datatype]:
            raise ValueError(f"Value {index} is not of the datatype {datatype}.")
    return cells


def from_bytes(datatype: str, shape: list[int], content: bytes) -> list[Any]:
    """The cells in row-major order, NaN being a gap (None).

    Raises ValueError: a sentence says what does not fit.
    """
    if datatype == BYTES:
        return _texts(prod(shape), content)
    size = np.dtype(DTYPES[datatype]).itemsize * prod(shape)
    if len(content) != size:
        raise ValueError(f"It has {len(content)} bytes where its shape and datatype have {size}.")
    if datatype == "BOOL" and content.strip(b"\0\1"):
        raise ValueError("A byte of BOOL should be 0 or 1.")
    array = np.frombuffer(content, DTYPES[datatype])
    if not datatype.startswith("FP"):
        return list(array.tolist())
    # A 32-bit 0.1 is read as 0.1, as in the signature.
    exact = array if datatype == "FP64" else array.astype(str).astype(float)
    return [None if isnan(cell) else cell for cell in exact.tolist()]


def to_bytes(datatype: str, cells: list[Any]) -> bytes:
    """The inverse of from_bytes, without gaps."""
    if datatype != BYTES:
        return np.array(cells, DTYPES[datatype]).tobytes()
    return b"".join(LENGTH.pack(len(text)) + text for text in map(str.encode, cells))


def _texts(count: int, content: bytes) -> list[Any]:
    texts, place = [], 0
    while place < len(content):
        start = place + LENGTH.size
        place = start + (LENGTH.unpack_from(content, place)[0] if start <= len(content) else 0)
        if place > len(content) or start > len(content):
            raise ValueError("Its last text is cut off.")
        try:
            texts.append(content[start:place].decode())
        except UnicodeDecodeError:
            raise ValueError(f"Value {len(texts)} is not UTF-8.") from None
    if len(texts) != count:
        raise ValueError(f"It has {len(texts)} values where its shape has {count}.")
    return texts

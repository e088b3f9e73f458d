"""Bodies that come packed are read like others, and none unpacks beyond the limit."""

import gzip
import tracemalloc
import zlib
from functools import partial
from io import BytesIO
from typing import Any

import pytest
from modeldesk.serving.packed import unpack

LIMIT = 2**20
BODY = b'{"instances": []}'
packed = partial(gzip.compress, mtime=0)  # at the same time on every worker of pytest


class Input(BytesIO):
    """Bytes that count how many of them were read."""

    def read(self, size: int | None = -1) -> bytes:
        assert size is not None
        assert size >= 0, "a body is read by its length"
        return super().read(size)


def sent(body: bytes, packing: str | None) -> dict[str, Any]:
    environ = {"wsgi.input": Input(body + b"next"), "CONTENT_LENGTH": str(len(body))}
    return environ | ({"HTTP_CONTENT_ENCODING": packing} if packing is not None else {})


@pytest.mark.parametrize(
    ("packing", "body"),
    [
        (None, BODY),
        ("", BODY),
        ("identity", BODY),
        ("gzip", packed(BODY)),
        (" GZIP ", packed(BODY)),
        ("x-gzip", packed(BODY)),
        ("deflate", zlib.compress(BODY)),
        ("br", b""),
    ],
    ids=repr,
)
def test_what_is_read_is_what_was_packed(packing: str | None, body: bytes) -> None:
    environ = sent(body, packing)
    assert unpack(environ, LIMIT) is None
    read = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    assert read == (BODY if body else b"")


@pytest.mark.parametrize(
    ("packing", "body", "status", "says"),
    [
        ("br", BODY, 415, "gzip or deflate"),
        ("gzip, gzip", packed(packed(BODY)), 415, "gzip or deflate"),
        ("gzip", BODY, 400, "not packed by gzip"),
        ("deflate", BODY, 400, "not packed by deflate"),
        ("gzip", packed(BODY)[:-1], 400, "cut off"),
        ("gzip", packed(BODY)[:5], 400, "cut off"),
        ("gzip", packed(BODY) * 2, 400, "one"),
        ("gzip", packed(BODY)[:-8] + bytes(8), 400, "not packed by gzip"),
        ("gzip", packed(bytes(LIMIT + 1)), 413, "1 MiB unpacked"),
    ],
)
def test_what_cannot_be_unpacked(packing: str, body: bytes, status: int, says: str) -> None:
    problem = unpack(sent(body, packing), LIMIT)
    assert problem is not None
    assert problem.status == status
    assert says in problem.detail
    assert ("Accept-Encoding" in problem.headers) == (status == 415)


def test_the_limit_is_that_of_what_is_unpacked() -> None:
    environ = sent(packed(bytes(LIMIT)), "gzip")
    assert unpack(environ, LIMIT) is None
    assert environ["CONTENT_LENGTH"] == str(LIMIT)


def test_a_bomb_takes_no_more_memory_than_the_limit() -> None:
    environ = sent(packed(bytes(50 * LIMIT)), "gzip")
    tracemalloc.start()
    try:
        problem = unpack(environ, LIMIT)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert problem is not None
    assert problem.status == 413
    assert peak < 4 * LIMIT

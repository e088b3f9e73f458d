"""Bodies that come packed (Content-Encoding), unpacked in front of all that reads them."""

import zlib
from io import BytesIO

from .answers import Problem
from .wsgi import Environ

EITHER = zlib.MAX_WBITS | 32  # the header of gzip or that of zlib, which HTTP calls deflate
PACKINGS = {"gzip", "x-gzip", "deflate"}
TAKEN = {"Accept-Encoding": "gzip, deflate"}


def unpack(environ: Environ, limit: int) -> Problem | None:
    """Put the body in place of the packed one; the problem of one that cannot be unpacked.

    No more than `limit` bytes are ever unpacked, whatever a body would become.
    """
    packing = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if packing in ("", "identity"):
        return None
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if not length:
        return None
    if packing not in PACKINGS:
        says = "Send the body as it is, or packed by gzip or deflate as Content-Encoding says."
        return Problem(415, says, headers=TAKEN)
    try:
        body = _unpacked(environ["wsgi.input"].read(length), packing, limit)
    except Problem as problem:
        return problem
    del environ["HTTP_CONTENT_ENCODING"]
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(body), str(len(body))
    return None


def _unpacked(content: bytes, packing: str, limit: int) -> bytes:
    reader = zlib.decompressobj(EITHER)
    try:
        body = reader.decompress(content, limit + 1)
    except zlib.error:
        says = f"The body is not packed by {packing}, as Content-Encoding says."
        raise Problem(400, says) from None
    if len(body) > limit:
        says = f"The body is larger than {limit // 2**20} MiB unpacked; send it in parts."
        raise Problem(413, says)
    if not reader.eof:
        raise Problem(400, "The packed body is cut off.")
    if reader.unused_data:
        raise Problem(400, "The packed body goes on behind its end; pack it as one.")
    return body

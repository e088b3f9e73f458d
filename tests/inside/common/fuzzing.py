"""What fuzzers have in common: how much they ask, and what nobody would send.

They send as many requests as FUZZ_REQUESTS says, from the chance of FUZZ_SEED.
"""

import contextvars
import os
from typing import Any
from urllib.parse import quote

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "150"))
SEED = int(os.environ.get("FUZZ_SEED", "0"))
TEXTS = [
    *("", " ", "0", "-1", "1", "9" * 21, "-" + "9" * 21, "1" * 5000, "1.5", "1e999", "nan", "-inf"),
    *("\u0661", "\u00b2", "\uff11", "true", "None", "null", "[]", "{}", "%", "%%", "_", "\\", "'"),
    *("\0", "a\0b", "\r\nX-Y: z", "\ud800", "\ufeff", "\u202e", "\U0001f600", "a" * 5000, "*", "("),
    *("0001-01-01", "9999-12-31", "10000-01-01", "2026-02-30", "2026-01-01", "24:00", "+", "a+b"),
    *("00000000-0000-7000-8000-000000000000", "ffffffff-ffff-7fff-bfff-ffffffffffff", "0" * 24),
    *("../../etc/passwd", "//none.example", "javascript:alert(1)", "<b>", '"><script>', "${7*7}"),
    *("1.1.1", "-1.-1", "0.", "id,email", "password", "__class__", "a__b__c", "a;b", "a=b&c"),
]


def as_servers_call(app: Any) -> Any:
    """With paths as WSGI has them, bytes that look like Latin-1, and without the tests' context."""

    def called(environ: dict[str, Any], start: Any) -> Any:
        path = environ["PATH_INFO"].encode("utf-8", "surrogateescape").decode("latin-1")
        return contextvars.Context().run(app, environ | {"PATH_INFO": path}, start)

    return called


def quoted(text: str) -> str:
    """As a part of an address."""
    return quote(text.encode(errors="surrogatepass"), safe="")

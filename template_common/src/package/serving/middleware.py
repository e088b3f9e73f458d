"""One WSGI middleware around either framework, for what every response needs."""

import logging
import re
import time
import uuid
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from .answers import Problem
from .logs import current_request_id
from .metrics import LATENCY, REQUESTS

MAX_BODY = 10 * 2**20  # bytes
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
METHODS = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
PROBES = {"/healthz", "/readyz", "/metrics"}
SAFE_ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)

Environ = dict[str, Any]
Start = Callable[..., Any]

logger = logging.getLogger("access")


class Gateway:
    """Gives each request an id, limits its body, counts, times and logs it, adds security headers.

    The framework names the matched route in `environ["app.route"]`, so that metrics have a series
    for each route and not for each path.
    """

    def __init__(self, app: Callable[[Environ, Start], Iterable[bytes]], host: str) -> None:
        self.app = app
        self.host = host.lstrip(".")

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        started = time.perf_counter()
        given = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = given if SAFE_ID.fullmatch(given) else uuid.uuid4().hex
        environ["app.request_id"] = request_id
        current_request_id.set(request_id)
        if environ["PATH_INFO"] in PROBES:
            environ["HTTP_HOST"] = self.host  # platforms call by address, not by an allowed name

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            present = {name.lower() for name, _ in headers}
            extra = {**SECURITY_HEADERS, "X-Request-ID": request_id}
            headers += [(name, text) for name, text in extra.items() if name.lower() not in present]
            _observe(environ, status, time.perf_counter() - started)
            return start_response(status, headers, exc_info)

        problem = _limit_body(environ)
        if problem is None:
            return self.app(environ, start)
        answer = problem.answer(request_id)
        headers = {"Content-Type": answer.content_type, "Content-Length": str(len(answer.body))}
        start(f"{answer.status} {problem.title}", list(headers.items()))
        return [answer.body]


def _limit_body(environ: Environ) -> Problem | None:
    length = environ.get("CONTENT_LENGTH") or ""
    if not length and "HTTP_TRANSFER_ENCODING" in environ:
        # Django reads no more than a length promises: read a chunked body here and count it.
        body = environ["wsgi.input"].read(MAX_BODY + 1)
        environ["wsgi.input"], length = BytesIO(body), str(len(body))
        environ["CONTENT_LENGTH"] = length
    if length and not length.isdecimal():
        return Problem(400, "The header Content-Length must be a whole number.")
    if length and int(length) > MAX_BODY:
        return Problem(413, f"The body is larger than {MAX_BODY // 2**20} MiB; send it in parts.")
    return None


def _observe(environ: Environ, status: str, seconds: float) -> None:
    method, code = environ["REQUEST_METHOD"], status.partition(" ")[0]
    counted = method if method in METHODS else "other"  # callers cannot invent series
    route = environ.get("app.route", "unmatched")
    REQUESTS.labels(counted, route, code).inc()
    LATENCY.labels(counted, route).observe(seconds)
    logger.info("%s %s %s %.1f ms", method, environ["PATH_INFO"], code, seconds * 1000)

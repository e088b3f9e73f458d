"""One WSGI middleware around either framework, for what every response needs."""

import logging
import re
import threading
import time
from collections.abc import Iterable
from functools import cache
from io import BytesIO
from logging import LogRecord
from typing import Any

import uuid_utils
from prometheus_client import Counter, Histogram

from .answers import HEALTH, Problem, framework_problem, is_api, wants_page
from .callers import current_caller
from .deployment import current_served
from .later import later_of
from .logs import current_request_id, hidden
from .metrics import LATENCY, REQUESTS
from .packed import unpack
from .prefix import cookie_below, go_below
from .settings import Settings
from .wsgi import Application, Environ, Start, send

MAX_BODY = 10 * 2**20  # bytes
MAX_FIELDS = 100_000  # of a form; a model may take thousands
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
EXTRA = [(name.lower(), (name, text)) for name, text in SECURITY_HEADERS.items()]
# Of what is reached by HTTPS.
HSTS = (
    "strict-transport-security",
    ("Strict-Transport-Security", f"max-age={30 * 24 * 60 * 60}"),
)
HASHED = 2  # passwords that a worker hashes at a time, each of which takes up to 100 MiB
METHODS = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
PROBES = HEALTH | {"/metrics"}
ASK_NOTHING = PROBES | {"/openapi.json"}  # whatever an address says
ADDRESS = re.compile(r"[\d.]+(:\d+)?", re.ASCII)
WITH_PORT = re.compile(r"([\d.]+):\d+|\[(.+)\](?::\d+)?", re.ASCII)
SAFE_ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)

logger = logging.getLogger("access")


class Gateway:
    """Gives each request an id, limits and unpacks its body, counts, times and logs it, adds
    security headers.

    The framework names the matched route in `environ["app.route"]`, so that metrics have a series
    for each route and not for each path.
    """

    def __init__(self, app: Application, settings: Settings) -> None:
        self.app = app
        self.host = settings.allowed_hosts[0].lstrip(".").replace("*", "localhost")
        self.proxies, self.prefix = settings.proxies, settings.path_prefix
        self.https = settings.https
        self._hashing = threading.BoundedSemaphore(HASHED)

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        started = time.perf_counter()
        environ["app.request_id"] = request_id = id_of(environ)
        go_below(environ, self.prefix)
        if self.proxies:
            _look_behind(environ, self.proxies)
        current_request_id.set(request_id)
        current_served.set(None)  # the one of the request before on this thread
        current_caller.set(None)
        if _is_called_by_address(environ):
            environ["HTTP_HOST"] = self.host

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            if self.prefix:
                headers = [cookie_below(self.prefix, header) for header in headers]
            present = {name.lower() for name, _ in headers}
            headers += [pair for name, pair in EXTRA if name not in present]
            if self.https and environ["wsgi.url_scheme"] == "https" and HSTS[0] not in present:
                headers.append(HSTS[1])
            headers.append(("X-Request-ID", request_id))
            observe(environ, status, time.perf_counter() - started)
            current_served.set(None)  # an idle thread keeps no version that is replaced
            later = later_of(environ)
            begin = later.start if later and later.is_held else start_response
            return begin(status, headers, exc_info)

        if self.https and self.proxies and (problem := _by_http(environ, self.proxies)):
            return send(problem.answer(request_id), start)
        problem = _no_address(environ) or _limit_body(environ) or unpack(environ, MAX_BODY)
        if problem is None:
            if _may_hash(environ):
                with self._hashing:
                    return self.app(environ, start)
            return self.app(environ, start)
        if wants_page(problem, environ["PATH_INFO"], environ.get("HTTP_ACCEPT", "")):
            environ["app.problem"] = problem  # which the framework shows, and reads no body
            return self.app(environ, start)
        return send(problem.answer(request_id), start)


def _may_hash(environ: Environ) -> bool:
    """Whether a form of accounts is sent: log-in, sign-up, another password."""
    path: str = environ["PATH_INFO"]
    return path.startswith("/accounts/") and environ["REQUEST_METHOD"] == "POST"


def id_of(environ: Environ) -> str:
    """The id of a request: that which its caller gave it, or a new one."""
    given = environ.get("HTTP_X_REQUEST_ID")
    return given if given and SAFE_ID.fullmatch(given) else uuid_utils.uuid4().hex


def _is_called_by_address(environ: Environ) -> bool:
    """Whether a platform calls, by an address instead of an allowed name.

    No site can make its own name stand for an address of numbers.
    """
    path, host = environ["PATH_INFO"], environ.get("HTTP_HOST", "")
    return path in PROBES or bool(path == "/invocations" and ADDRESS.fullmatch(host))


def _look_behind(environ: Environ, proxies: int) -> None:
    """Take the caller's address and scheme from what our own proxies say, the last of the list."""
    addresses = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if len(addresses) >= proxies and (address := addresses[-proxies].strip()):
        found = WITH_PORT.fullmatch(address)  # which is another one each time
        environ["REMOTE_ADDR"] = found[1] or found[2] if found else address
    # Some proxies pass on what the one before them said, instead of adding their own.
    schemes = environ.get("HTTP_X_FORWARDED_PROTO", "").lower().split(",")
    scheme = schemes[max(len(schemes) - proxies, 0)].strip()
    if scheme in ("http", "https"):
        environ["wsgi.url_scheme"] = scheme


def _by_http(environ: Environ, proxies: int) -> Problem | None:
    """Why it is no use to send a caller who came by HTTP to HTTPS, as the framework would."""
    path = environ["PATH_INFO"]
    if environ["wsgi.url_scheme"] == "https" or path in PROBES:
        return None
    said = environ.get("HTTP_X_FORWARDED_PROTO", "").lower().split(",")
    if "https" in [scheme.strip() for scheme in said]:  # it would come back like this for ever
        count = len(said)
        return Problem(
            403,
            f"X-Forwarded-Proto has {count} values, of which the last {proxies} can be trusted, as "
            f"PROXIES={proxies} says; by these it came by HTTP. If {count} proxies stand in front, "
            f"set PROXIES={count}.",
        )
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD") and is_api(path):
        return Problem(
            403,
            "This came by HTTP, and nothing was done: use HTTPS. If you did, a proxy in front does "
            "not say so in X-Forwarded-Proto.",
        )
    return None


def _no_address(environ: Environ) -> Problem | None:
    """Flask would take //docs for /docs, and no database looks for a NUL."""
    path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
    reads = not is_api(path) and path not in ASK_NOTHING  # the API names what is wrong
    with_nul = "\0" in path or ("%00" in query and reads)
    return framework_problem(404) if path.startswith("//") or with_nul else None


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


def observe(environ: Environ, status: str, seconds: float) -> None:
    """Count, time and log a request that is answered."""
    method, code = environ["REQUEST_METHOD"], status.partition(" ")[0]
    counted = method if method in METHODS else "other"  # callers cannot invent series
    requests, latency = series(counted, environ.get("app.route", "unmatched"), code)
    requests.inc()
    latency.observe(seconds)
    if logger.isEnabledFor(logging.INFO):
        said = (method, hidden(environ["PATH_INFO"]), code, seconds * 1000)
        # Not by `info`, which looks for the line of code that it is called from.
        logger.handle(LogRecord("access", logging.INFO, "", 0, "%s %s %s %.1f ms", said, None))


@cache
def series(method: str, route: str, code: str) -> tuple[Counter, Histogram]:
    """What counts and what times such requests; looked up once."""
    return REQUESTS.labels(method, route, code), LATENCY.labels(method, route)

"""Predictions of programs, answered in front of the framework by the function it would call.

What a framework does around a view costs several times what a light model does.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import Protocol

from .answers import Answer, Request
from .deployment import current_served
from .later import later_of
from .service import refused
from .settings import Settings
from .wsgi import Application, Environ, Start, send

PATH = "/api/v1/predict"


class Framework(Protocol):
    """What the fast path asks of the framework it stands in front of."""

    def is_plain(self) -> bool:
        """Whether nothing of the owner's is called around requests, which must be called."""

    def answer(self, request: Request, authorization: str) -> Answer:
        """The answer to a prediction of who is told by this header, as its view gives it."""


@dataclass(frozen=True, slots=True)
class ContentType:
    """The only header that a prediction needs."""

    value: str

    def get(self, name: str, default: str, /) -> str:
        return self.value if name == "Content-Type" else default


class FastPath:
    """A WSGI application that answers plain predictions, and leaves all else to `app`.

    That is other routes, hosts that are not allowed or allowed by a pattern only, plain HTTP behind
    a proxy, callers with a session, and everything where the owner has code of their own around
    requests.
    """

    def __init__(self, app: Application, framework: Framework, settings: Settings) -> None:
        self.app, self.framework = app, framework
        self.hosts = {host.lower() for host in settings.allowed_hosts}
        self.auth = settings.auth
        self.by_https = settings.https and settings.proxies > 0

    @cached_property
    def is_plain(self) -> bool:
        """Asked at the first prediction, when the application is complete."""
        return self.framework.is_plain()

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        if environ["PATH_INFO"] != PATH or not self._is_mine(environ):
            return self.app(environ, start_response)
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else b""
        if len(body) < length:  # the framework knows what to say of it
            environ["wsgi.input"] = BytesIO(body)
            return self.app(environ, start_response)
        environ["app.route"] = PATH
        request_id = environ["app.request_id"]
        kind, later = ContentType(environ.get("CONTENT_TYPE", "")), later_of(environ)
        request = Request(body, kind, {}, request_id, later=later)
        answer = self.framework.answer(request, environ.get("HTTP_AUTHORIZATION", ""))
        if not later or not later.stored:
            return send(answer, start_response)

        def finish(fault: BaseException | None) -> list[bytes]:
            return send(refused(fault, request_id) if fault else answer, start_response)

        held = later.hold(later.stored, finish)
        current_served.set(None)  # an idle thread keeps no version that is replaced
        return held

    def _is_mine(self, environ: Environ) -> bool:
        host, _, port = environ.get("HTTP_HOST", "").lower().partition(":")
        return (
            environ["REQUEST_METHOD"] == "POST"
            and host in self.hosts
            and (not port or port.isdecimal())
            and (not self.by_https or environ["wsgi.url_scheme"] == "https")
            and (not self.auth or bool(environ.get("HTTP_AUTHORIZATION")))
            and self.is_plain
        )

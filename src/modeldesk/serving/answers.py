"""Requests, answers and problems, apart from any framework."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol

from ..ml.validation import Fault, InvalidInstances
from .denied import WORDS
from .later import Later
from .log import BufferFull, LogUnavailable

# The first part of the paths of programs, who are never shown a page.
API = {"api", "invocations", "ping", "v1", "v2"}
HEALTH = {"/healthz", "/readyz", "/ping", "/v2/health/live", "/v2/health/ready"}
MOST_TOLD = 5  # faults, in the text of an error
# Why a database that answers stores nothing, by what drivers say of it.
STORES_NOTHING = {
    "its disk is full": r"disk (is )?full|no space left|(table|log) .*is full|errno: 28|error 28\b"
    r"|OutOfDiskSpace|quota exceeded",
    "it is read-only": r"read[- ]?only",
    "its disk fails": r"disk I/O error",
    "its user may not write": WORDS.pattern,
}


class Headers(Protocol):
    """Headers by their names, in any case."""

    def get(self, name: str, default: str, /) -> str: ...


@dataclass(frozen=True, slots=True)
class Request:
    """What the service needs of a request."""

    body: bytes
    headers: Headers
    query: Mapping[str, str]
    id: str
    root: str = ""  # the path that the service is below
    later: Later | None = None  # what may hold the answer

    @property
    def media_type(self) -> str:
        """Of the body, in lower case and without parameters; empty if it is not said."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and headers of a response."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


class Problem(Exception):
    """An error that is answered as `application/problem+json` (RFC 9457)."""

    def __init__(
        self,
        status: int,
        detail: str,
        errors: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
        outage: str = "",
    ) -> None:
        """`outage` is why something outside of this process keeps it from answering."""
        super().__init__(detail)
        self.outage = outage
        self.status, self.detail, self.errors = status, detail, errors
        self.headers = dict(headers or {})
        self.title = HTTPStatus(status).phrase

    @property
    def text(self) -> str:
        """What is wrong in one text, which is all that clients of other protocols read."""
        told = [fault.msg for fault in self.errors if fault.msg not in self.detail]
        return " ".join([self.detail, *told[:MOST_TOLD]])

    def answer(self, request_id: str) -> Answer:
        content = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "request_id": request_id,
            "errors": [fault.as_dict() for fault in self.errors],
            "error": self.text,
        }
        return Answer(self.status, to_json(content), "application/problem+json", self.headers)


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def to_json(content: Any) -> bytes:
    return _encode(content).encode()


def refusal(faults: Sequence[Fault]) -> Problem:
    count = f"{len(faults)} values are" if len(faults) > 1 else "One value is"
    return Problem(422, f"{count} not valid.", faults)


def as_problem(error: BaseException) -> Problem:
    """The problem that stands for an error raised below the views."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, InvalidInstances):
        return refusal(error.faults)
    if isinstance(error, BufferFull):
        reason = "The log takes no more predictions now; nothing was stored. Try again later."
        return _outage(reason, str(error), str(error))
    if isinstance(error, LogUnavailable):
        # What the driver said names the server, and is for the log alone.
        if why := _stores_nothing(str(error)):
            reason = f"The database stores nothing, as {why}. Try again later."
            return _outage(reason, f"{why.capitalize()}.", str(error))
        reason = "The database cannot be reached; nothing was stored. Try again later."
        return _outage(reason, "It does not answer.", str(error))
    return framework_problem(500)


def _outage(detail: str, told: str, why: str) -> Problem:
    faults = [Fault(("database",), told, "unavailable")]
    return Problem(503, detail, faults, {"Retry-After": "5"}, why)


def _stores_nothing(said: str) -> str:
    """Why, if a driver says that of a database which can be reached."""
    known = STORES_NOTHING.items()
    return next((why for why, pattern in known if re.search(pattern, said, re.IGNORECASE)), "")


def framework_problem(status: int, allow: str = "") -> Problem:
    """The problem for an error that the framework met before or outside of any view."""
    details = {
        400: "The request could not be understood, or names a host that is not in ALLOWED_HOSTS.",
        403: "The form has expired or was sent from another site; reload it and send it again.",
        404: "There is nothing at this address.",
        405: f"This address takes only {allow}.",
        500: "Something went wrong here; quote the request id when you report it.",
    }
    detail = details.get(status) or HTTPStatus(status).description
    return Problem(status, detail, headers={"Allow": allow} if allow else None)


def wants_page(problem: Problem, path: str, accept: str) -> bool:
    """Whether it is shown as a page: to browsers, by no API route, and with a host to link to."""
    return problem.status != 400 and not is_api(path) and "text/html" in accept


def is_api(path: str) -> bool:
    """Whether programs ask here, and no browser."""
    return path.lstrip("/").partition("/")[0] in API

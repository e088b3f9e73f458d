"""What the parts that stand in front of a framework have in common."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from .answers import Answer

Environ = dict[str, Any]
Start = Callable[..., Any]
Application = Callable[[Environ, Start], Iterable[bytes]]

PHRASES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


def send(answer: Answer, start: Start) -> list[bytes]:
    """Answer without the framework."""
    body = answer.body
    headers = [("Content-Type", answer.content_type), ("Content-Length", str(len(body)))]
    headers += answer.headers.items()
    start(PHRASES[answer.status], headers)
    return [body]

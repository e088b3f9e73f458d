"""Answers that leave once what they tell of is stored, while no thread waits for that."""

from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from typing import Any

LATER = "app.later"  # of what the server gives the application, where answers may wait

Finish = Callable[[BaseException | None], list[bytes]]


class Later:
    """Stands before an application for the server's protocol, of one request.

    What is to be stored goes into `stored`. Who then calls `hold` returns at once, and the answer
    is made and sent by the thread that stores it, in the context of the request: that thread may
    be amid another one.
    """

    __slots__ = ("_all", "_headers", "_protocol", "_status", "is_held", "stored")

    def __init__(self, protocol: Any, all_held: set["Later"]) -> None:
        """`all_held` has this one while its answer waits."""
        self._protocol, self._all = protocol, all_held
        self.is_held = False
        self.stored: Future[None] | None = None

    def hold(self, stored: Future[None], finish: Finish) -> list[bytes]:
        """Send what `finish` makes of the fault, or of None, once that is known."""
        self.is_held = True
        self._all.add(self)
        context = copy_context()
        stored.add_done_callback(lambda done: context.run(self._leave, finish, done))
        return []

    def _leave(self, finish: Finish, stored: Future[None]) -> None:
        try:
            body = finish(stored.exception())
            self._protocol.response_bytes(self._status, self._headers, b"".join(body))
        finally:
            self._all.discard(self)

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        """As WSGI has it, of an answer that was held."""
        self._status, self._headers = int(status[:3]), headers

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Of the protocol: what an application gives at once is sent, unless it holds it."""
        if not self.is_held:
            self._protocol.response_bytes(status, headers, body)

    def response_iter(self, status: int, headers: list[tuple[str, str]], body: Any) -> None:
        """Of the protocol, for answers in parts."""
        self._protocol.response_iter(status, headers, body)


def later_of(environ: dict[str, Any]) -> Later | None:
    """What may hold the answer to this request; None where the server or the load says no."""
    return environ.get(LATER)

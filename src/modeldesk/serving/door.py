"""What stands between the server and the application, so that slow callers keep nobody waiting.

The server has a few threads, each of which waits for the body of a request for as long as its
caller likes. Here a body has to come in time, and sooner while others wait. Two threads more than
there are seats see to it that checks of health are answered, and others refused at once, while all
seats are taken by what does not move.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from queue import Empty, SimpleQueue
from typing import Any

import granian.server.mp

from .answers import Answer, Problem
from .later import LATER, Later
from .middleware import EXTRA, MAX_BODY, id_of, observe
from .prefix import without
from .wsgi import Environ

STEP = 256 * 2**10  # bytes of a body
STEP_LIMIT = 10.0  # seconds in which each step has to come
LIMIT = 120.0  # seconds in which the whole body has to come
LIMIT_OF_FULL = 1.0  # seconds in which it has to come while all seats are taken
GLANCE = 0.05  # seconds until a seat is not free because of those who are slow
PATIENCE = 2.0  # seconds until it is not because of what else takes long
LOOK = 0.5  # seconds between two looks at who is late
HELD = 256  # answers that may wait without a seat
FLUSHED = 0.2  # seconds in which an answer is on its way
ALIVE = {"/healthz", "/ping", "/v2/health/live"}

Run = Callable[[Any, Environ], Any]  # calls the application and sends its answer by a protocol


def stand_in_front(seats: int, prefix: str) -> None:
    """Put a Door before the application that this worker is about to serve.

    Granian gives no other access to a request that another thread answers.
    """
    server: Any = granian.server.mp
    wrap = server._wsgi_call_wrap
    server._wsgi_call_wrap = lambda *arguments: Door(wrap(*arguments), seats, prefix)


@dataclass(slots=True)
class Reading:
    """A body that is waited for."""

    protocol: Any
    environ: Environ
    begun: float  # on the monotonic clock
    deadline: float
    is_late: bool = False


class Door:
    """Called with each request, by a thread of the server; serves so many at a time."""

    def __init__(self, run: Run, seats: int, prefix: str = "") -> None:
        self.run, self.seats, self.prefix = run, seats, prefix
        self._free: SimpleQueue[None] = SimpleQueue()
        for _ in range(seats):
            self._free.put(None)
        self._is_full = False
        self._held: set[Later] = set()
        self._reading: dict[int, Reading] = {}  # by their threads
        threading.Thread(target=self._watch, name="door", daemon=True).start()

    def __call__(self, protocol: Any, environ: Environ) -> None:
        if self._takes_seat():
            try:
                if self._reads(protocol, environ):
                    self._run(protocol, environ)
            finally:
                self._free.put(None)
        elif without(self.prefix, environ["PATH_INFO"]) in ALIVE:
            for name in ("HTTP_AUTHORIZATION", "HTTP_COOKIE"):  # nobody is looked up
                environ.pop(name, None)
            self.run(protocol, environ)
        else:
            _refuse(protocol, environ)

    def _run(self, protocol: Any, environ: Environ) -> None:
        if len(self._held) < HELD:
            protocol = environ[LATER] = Later(protocol, self._held)
        self.run(protocol, environ)

    def _takes_seat(self) -> bool:
        """Whether a seat is free, or soon is; nobody waits twice for what does not move."""
        try:
            self._free.get_nowait()
        except Empty:
            if self._is_full or not self._waits():
                self._is_full = True
                return False
        self._is_full = False
        return True

    def _waits(self) -> bool:
        """Whether a seat is left within the time that the others may take."""
        with suppress(Empty):
            self._free.get(timeout=GLANCE)
            return True
        if not self._is_crowded():
            with suppress(Empty):
                self._free.get(timeout=PATIENCE)
                return True
        return False

    def _is_crowded(self) -> bool:
        """Whether most seats are taken by callers who are slow."""
        before = time.monotonic() - GLANCE
        slow = sum(reading.begun < before for reading in list(self._reading.values()))
        return 2 * slow > self.seats

    def _reads(self, protocol: Any, environ: Environ) -> bool:
        """Take in the body; false when it is late, which its caller has been told."""
        length = environ.get("CONTENT_LENGTH")
        if length:
            left = int(length) if length.isdecimal() else 0
            if not 0 < left <= MAX_BODY:
                return True  # it is refused unread
        elif "HTTP_TRANSFER_ENCODING" in environ:
            left = MAX_BODY + 1
        else:
            return True
        begun = time.monotonic()
        reading = Reading(protocol, environ, begun, begun + STEP_LIMIT)
        me = threading.get_ident()
        self._reading[me] = reading
        try:
            step = min(left, STEP)
            body = environ["wsgi.input"].read(step)
            if len(body) == step < left:
                body = self._rest(reading, body, left - step)
        finally:
            del self._reading[me]
        environ["wsgi.input"] = BytesIO(body)
        return not reading.is_late

    def _rest(self, reading: Reading, first: bytes, left: int) -> bytes:
        parts, step, read = [first], STEP, reading.environ["wsgi.input"].read
        while left and len(parts[-1]) == step:
            now = time.monotonic()
            reading.deadline = min(now + STEP_LIMIT, reading.begun + LIMIT)
            step = min(left, STEP)
            parts.append(read(step))
            left -= step
        return b"".join(parts)

    def _watch(self) -> None:
        while True:
            time.sleep(LOOK)
            now = time.monotonic()
            for reading in list(self._reading.values()):
                limit = reading.begun + LIMIT_OF_FULL if self._is_full else reading.deadline
                if now > min(limit, reading.deadline) and not reading.is_late:
                    reading.is_late = True
                    threading.Thread(target=_cut, args=(reading,), daemon=True).start()


def _refuse(protocol: Any, environ: Environ) -> None:
    problem = Problem(503, "All is busy here. Try again later.", headers={"Retry-After": "2"})
    answer, headers = _answer(environ, problem)
    protocol.response_bytes(answer.status, headers, answer.body)
    observe(environ, str(answer.status), 0.0)


def _answer(environ: Environ, problem: Problem) -> tuple[Answer, list[tuple[str, str]]]:
    """A problem with the headers that every answer has."""
    name = id_of(environ)
    answer = problem.answer(name)
    about = [("Content-Type", answer.content_type), ("X-Request-ID", name)]
    return answer, [*about, *answer.headers.items(), *(pair for _, pair in EXTRA)]


def _cut(reading: Reading) -> None:
    """Tell the caller of a late body so, and end the connection, which ends the waiting for it."""
    seconds = time.monotonic() - reading.begun
    detail = f"The body did not come within {seconds:.0f} seconds, or came too slowly."
    answer, headers = _answer(reading.environ, Problem(408, detail))
    # One byte more is promised than there is: only what breaks off makes the server let go of it.
    headers += [("Connection", "close"), ("Content-Length", str(len(answer.body) + 1))]
    reading.protocol.response_iter(answer.status, headers, _BrokenOff(answer.body))
    observe(reading.environ, str(answer.status), seconds)


class _BrokenOff:
    """A body that ends once it is on its way."""

    def __init__(self, body: bytes) -> None:
        self._left = [body]

    def __next__(self) -> bytes:
        if not self._left:
            time.sleep(FLUSHED)
            raise StopIteration
        return self._left.pop()

    def close(self) -> None:
        """Nothing is left open."""

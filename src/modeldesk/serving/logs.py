"""Logging: readable lines in development, one JSON object a line in production."""

import json
import logging
import re
import threading
import time
from collections import deque
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, TextIO

from pythonjsonlogger.json import JsonFormatter

PIPE = 4096  # bytes that are written to one as a whole
MOMENT = 0.1  # seconds
MOST = 10_000  # lines that wait
SECRET = re.compile(r"(/accounts/+(?:confirm|reset)/+)[^\s?]+")

current_request_id: ContextVar[str] = ContextVar("request_id", default="-")


class RequestId(logging.Filter):
    """Puts the id of the current request on every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_request_id.get()
        return True


def hidden(text: str) -> str:
    """A text without the secrets of addresses in it: who has one may confirm, or set a password."""
    return SECRET.sub(r"\1...", text) if "/accounts/" in text else text


class NoSecrets(logging.Filter):
    """Takes the secrets of addresses out of what any logger tells of a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(hidden(one) if isinstance(one, str) else one for one in record.args)
        return True


class Lines(logging.StreamHandler[TextIO]):
    """Writes warnings at once, and what is only told a moment later, many lines together.

    To write each line by itself takes an eighth of the time of a prediction.
    """

    def __init__(self) -> None:
        super().__init__()
        self._waiting: deque[str] = deque()
        self._writing = threading.RLock()  # keeps their order
        self._is_told = threading.Event()
        self._thread: threading.Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._waiting.append(f"{self.format(record)}\n")
            if record.levelno >= logging.WARNING or len(self._waiting) > MOST:
                self.flush()
            elif not self._is_told.is_set():
                self._is_told.set()
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="log", daemon=True)
                    self._thread.start()
        except Exception:
            self.handleError(record)

    def flush(self) -> None:
        with self._writing:
            while self._waiting:
                self.stream.write(self._some())
            self.stream.flush()  # not as `super` does, which takes the lock of who may wait here

    def _some(self) -> str:
        """As many lines as a pipe takes whole, so that those of several workers do not mix."""
        lines = [self._waiting.popleft()]
        size = _bytes(lines[0])
        while self._waiting and (size := size + _bytes(self._waiting[0])) <= PIPE:
            lines.append(self._waiting.popleft())
        return "".join(lines)

    def _run(self) -> None:
        while self._is_told.wait():
            time.sleep(MOMENT)
            self._is_told.clear()
            with suppress(OSError, ValueError):  # nobody reads it
                self.flush()


def _bytes(line: str) -> int:
    return len(line.encode(errors="backslashreplace"))


class JsonLines(JsonFormatter):
    """One JSON object a line; the access log's lines, one a request, are written straight."""

    second, text = 0, ""  # the last one, as text

    def format(self, record: logging.LogRecord) -> str:
        if record.name != "access":
            return super().format(record)
        second = int(record.created)
        if second != self.second:
            self.text = time.strftime(self.default_time_format, self.converter(second))
            self.second = second
        return (
            f'{{"time": "{self.text},{int(record.msecs):03d}", "level": "{record.levelname}", '
            f'"logger": "access", "message": {json.dumps(record.getMessage())}, '
            f'"request_id": "{getattr(record, "request_id", "-")}"}}'
        )


def logging_config(*, json: bool) -> dict[str, Any]:
    """Configuration for `logging.config.dictConfig`."""
    formatter = {
        True: {
            "()": JsonLines,
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s",
            "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
        },
        False: {"format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s"},
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request_id": {"()": RequestId}, "no_secrets": {"()": NoSecrets}},
        "formatters": {"default": formatter[json]},
        "handlers": {
            "stderr": {
                "()": Lines if json else logging.StreamHandler,
                "formatter": "default",
                "filters": ["request_id", "no_secrets"],
            }
        },
        "loggers": {
            # Of its own parts, whenever it is imported.
            "alembic.runtime.plugins": {"level": "WARNING"},
            # Told by us: once, with what was seen and expected.
            "django.security.csrf": {"level": "ERROR"},
            "flask_wtf.csrf": {"level": "WARNING"},
        },
        "root": {"handlers": ["stderr"], "level": "INFO"},
    }

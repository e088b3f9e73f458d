"""Logging: readable lines in development, one JSON object a line in production."""

import json
import logging
import re
import time
from contextvars import ContextVar
from typing import Any

from pythonjsonlogger.json import JsonFormatter

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
                "class": "logging.StreamHandler",
                "formatter": "default",
                "filters": ["request_id", "no_secrets"],
            }
        },
        # Told by us: once, with what was seen and expected.
        "loggers": {
            "django.security.csrf": {"level": "ERROR"},
            "flask_wtf.csrf": {"level": "WARNING"},
        },
        "root": {"handlers": ["stderr"], "level": "INFO"},
    }

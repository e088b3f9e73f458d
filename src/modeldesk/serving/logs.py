"""Logging: readable lines in development, one JSON object a line in production."""

import logging
from contextvars import ContextVar
from typing import Any

current_request_id: ContextVar[str] = ContextVar("request_id", default="-")


class RequestId(logging.Filter):
    """Puts the id of the current request on every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_request_id.get()
        return True


def logging_config(*, json: bool) -> dict[str, Any]:
    """Configuration for `logging.config.dictConfig`."""
    formatter = {
        True: {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s",
            "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
        },
        False: {"format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s"},
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request_id": {"()": RequestId}},
        "formatters": {"default": formatter[json]},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "default",
                "filters": ["request_id"],
            }
        },
        "loggers": {},
        "root": {"handlers": ["stderr"], "level": "INFO"},
    }

"""What is made of errors of SQL databases."""

import re
from typing import Any

from sqlalchemy import exc

from ..serving.log import LogUnavailable

ABOVE_THE_TEXT = re.compile("DB-Lib error message .*:|\n")  # of SQL Server's driver, and lines


def unavailable(error: Exception) -> LogUnavailable | None:
    """What stands for an error that may not come again when the database is well."""
    of_data = isinstance(error, exc.IntegrityError | exc.DataError)
    if of_data or not isinstance(error, exc.DBAPIError | exc.TimeoutError):
        return None
    return LogUnavailable(reason(error))


def reason(error: Exception) -> str:
    """What the driver says of an error of SQLAlchemy, in one line."""
    said: Any = getattr(error, "orig", None) or error
    while isinstance(said, Exception | tuple):  # codes come before texts, at any depth
        parts = said.args if isinstance(said, Exception) else said
        said = parts[-1] if parts else ""
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    return next(filter(None, ABOVE_THE_TEXT.split(text)), text)

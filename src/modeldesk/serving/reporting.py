"""Tells the log what went wrong here: an outage once, however many callers it meets."""

import logging
import re

from .answers import Problem

logger = logging.getLogger(__name__)
_told: set[str] = set()  # of the outage that goes on, by this process


def report(problem: Problem, error: BaseException) -> None:
    """Log an error, if it is ours: with its traceback, unless the reason stands outside."""
    if problem.outage:
        tell(problem.detail, problem.outage)
    elif problem.status >= 500:
        logger.error(problem.detail, exc_info=error)


def tell(what: str, reason: str) -> None:
    """Log that something cannot be done, unless it was for the same reason since all was well."""
    kind = re.sub(r"\d+", "0", reason)
    if kind not in _told:
        _told.add(kind)
        logger.error("%s The reason: %s", what, reason)


def all_is_well() -> None:
    """Predictions are stored: what happens next is another outage."""
    if _told:
        _told.clear()
        logger.info("The database stores predictions again.")

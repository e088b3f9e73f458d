"""Tests that wait for a fact, and not for a time."""

import time
from collections.abc import Callable
from typing import Any

PAUSE = 0.02  # seconds between two looks


def eventually(found: Callable[[], Any], within: float) -> Any:
    """What `found` gives once that is true. Raises AssertionError after so many seconds."""
    deadline = time.monotonic() + within
    while not (value := found()):
        assert time.monotonic() < deadline, f"not within {within} seconds"
        time.sleep(PAUSE)
    return value

"""What new rows begin with."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)

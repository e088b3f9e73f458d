"""What new rows begin with."""

from datetime import UTC, datetime

import uuid_utils


def new_id() -> str:
    """An identifier that sorts by time of creation (UUID version 7)."""
    return str(uuid_utils.uuid7())


def now() -> datetime:
    return datetime.now(UTC)

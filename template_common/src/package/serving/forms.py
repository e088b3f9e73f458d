"""What pages have in common."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from ..ml.signature import Output, class_label


def attention(count: int) -> str:
    """The summary above a form of which `count` values are at fault."""
    return f"{f'{count} values need' if count > 1 else 'One value needs'} your attention"


def moment(at: datetime) -> str:
    """A moment as people read it."""
    return at.astimezone(UTC).strftime("%d %B %Y, %H:%M UTC")


def outcome(output: Output, text: str) -> Any:
    """The class or number that a text means; the text itself if it means none."""
    text = text.strip()
    if output.classes:
        return {class_label(known): known for known in output.classes}.get(text)
    with suppress(ValueError):
        return float(text)
    return text

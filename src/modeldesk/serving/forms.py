"""What pages have in common."""

from datetime import UTC, datetime


def attention(count: int) -> str:
    """The summary above a form of which `count` values are at fault."""
    return f"{f'{count} values need' if count > 1 else 'One value needs'} your attention"


def moment(at: datetime) -> str:
    """A moment as people read it."""
    return at.astimezone(UTC).strftime("%d %B %Y, %H:%M UTC")

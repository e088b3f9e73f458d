"""What pages have in common."""

import json
from datetime import UTC, datetime


def attention(count: int) -> str:
    """The summary above a form of which `count` values are at fault."""
    return f"{f'{count} values need' if count > 1 else 'One value needs'} your attention"


def moment(at: datetime) -> str:
    """A moment as people read it."""
    return at.astimezone(UTC).strftime("%d %B %Y, %H:%M UTC")


def typed_text(sent: str) -> str:
    """The text that was typed where this was sent: browsers send CRLF for each line break."""
    return sent.replace("\r\n", "\n")


def option_value(text: str) -> str:
    """What stands for a text in a list to choose from.

    The text itself, or as JSON what browsers or forms would change: blanks at the ends, line
    breaks, no character at all. So that it can be told, what begins with a quote is JSON, too.
    """
    plain = text and text == text.strip() and not text.startswith('"')
    return text if plain and "\n" not in text and "\r" not in text else json.dumps(text)


def chosen_text(value: str) -> str:
    """The text that was chosen where this was sent; of what was not offered, as it is."""
    if not value.startswith('"'):
        return value
    try:
        text = json.loads(value)
    except ValueError:
        return value
    return text if option_value(text) == value else value

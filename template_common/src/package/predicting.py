"""Your rules: what is checked beyond the signature, and what becomes of an answer.

Both run on every way in: every address and protocol, files, replays and shadows.
"""

from collections.abc import Iterator
from typing import Any

from modeldesk.ml import Prediction, Row

# What callers may send with a row to find its prediction by, such as "order": it is kept, searched,
# filtered by, and taken in place of our id wherever the true outcome is given.
REFERENCE: str | None = None


def check(row: Row) -> Iterator[tuple[str, str]]:
    """Name a feature that does not fit the others, and say why: such rows are refused.

    yield "bmi", "A body mass index above 60 wants to be typed again."
    """
    yield from ()


def decide(row: Row, prediction: Prediction) -> Any:
    """Give callers the model's answer, or what you make of it; the log keeps both.

    return round(prediction.value, 1)
    return "yes" if prediction.probabilities["yes"] > 0.3 else "no"
    """
    return prediction.value

"""The options by which `import-model` is told how columns are read, for both frameworks."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..ml.signature import SignatureError

if TYPE_CHECKING:
    from ..ml.importing.types import Told


@dataclass(frozen=True)
class Option:
    """An option with one value; `many` may be given again for each."""

    flag: str
    metavar: str
    help: str
    many: bool = True

    @property
    def name(self) -> str:
        """What its value is called in Python."""
        return self.flag.removeprefix("--").replace("-", "_")


READING = [
    Option("--text", "COL", "A column of text, such as a code; again for each."),
    Option("--date", "COL", "A column of dates that begin with the year; again for each."),
    Option("--date-format", "COL=FORMAT", "A column of other dates, such as day=%d.%m.%Y."),
    Option("--categories", "COL=A,B,C", "Those that the model numbers, in their order."),
    Option("--na", "TEXT", "A text that means a gap, also among texts; again for each."),
    Option("--decimal", "MARK", "The mark of decimals in numbers: . or ,", many=False),
    Option(
        "--thousands", "MARK", "The mark of thousands in numbers: . or , or ' or a blank", False
    ),
]
ACCEPT_SCORE = "Go on, though always the same answer would score better."


def told_by(options: Mapping[str, Any]) -> "Told":
    """What the options say, by their names. Raises SignatureError for a format without a column."""
    from ..ml.importing.types import Told

    dates: dict[str, str | None] = dict.fromkeys(options.get("date") or ())
    for given in options.get("date_format") or ():
        column, _, form = given.rpartition("=")
        if not column or "%" not in form:
            example = "such as `--date-format day=%d.%m.%Y`"
            raise SignatureError(f"`--date-format {given}` names no column and format, {example}.")
        dates[column] = form
    categories = {}
    for given in options.get("categories") or ():
        column, _, names = given.partition("=")
        if not column or not names:
            mend = "such as `--categories size=small,large`"
            raise SignatureError(f"`--categories {given}` names no column and categories, {mend}.")
        categories[column] = next(csv.reader([names]))
    return Told(
        texts=tuple(options.get("text") or ()),
        gaps=tuple(options.get("na") or ()),
        decimal=options.get("decimal"),
        thousands=options.get("thousands"),
        dates=dates,
        categories=categories,
    )

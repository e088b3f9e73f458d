"""Whether the outcome of a prediction is known, as each database finds it by an index."""

from typing import Any, Self

from sqlalchemy import Boolean, ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

# MySQL has no indexes of some rows only. One that begins with this column, which it computes of
# the moment of the outcome, does the same.
MYSQL_COLUMN = "outcome_known"


class Told(FunctionElement[bool]):
    """Whether the moment of an outcome is there."""

    inherit_cache = True
    type = Boolean()

    def self_group(self, against: Any = None) -> Self:
        return self  # without "= 1" behind it, for which there is no index


class Waiting(Told):
    """Whether it is not."""

    inherit_cache = True


def has_outcome(moment: ColumnElement[Any], *, known: bool) -> ColumnElement[bool]:
    """The condition that the moment of the outcome, a column, is there or is not."""
    return Told(moment) if known else Waiting(moment)


@compiles(Told)
def _by_moment(element: Told, compiler: Any, **options: Any) -> str:
    empty = "NULL" if isinstance(element, Waiting) else "NOT NULL"
    return f"{compiler.process(element.clauses, **options)} IS {empty}"


@compiles(Told, "mysql")
def _by_column(element: Told, compiler: Any, **options: Any) -> str:
    return f"{MYSQL_COLUMN} = {0 if isinstance(element, Waiting) else 1}"

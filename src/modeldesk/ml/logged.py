"""Logged rows whose true outcome is known, as more rows to train on."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import datetime
from typing import Any

import numpy as np

from .artifact import ArtifactError
from .rows import Row
from .signature import SignatureError, kind_of, parse_day

COLUMNS = "other columns"  # why a row is left out
VALUES = "values that the columns of X do not take"
OUTCOME = "an outcome that y does not take"
NOT_CALLED = (
    "ml/train.py takes no logged rows, so nothing is published: after its split add the line "
    "`X, y = with_feedback(X, y)`, which comes by `from . import with_feedback`."
)


class LoggedRows:
    """Inputs with their true outcomes: a class, a number as a float, or one of each target by name.

    `added` is how many of them training took, None before it asked. What became of all is told.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.added: int | None = None
        self.rows = self.values = 0
        self._groups: list[tuple[Any, list[Any]]] = []  # a pandas frame, and the outcomes

    def keep(self, pairs: Iterable[tuple[Row, Any]]) -> None:
        """Add rows with their outcomes, in the memory that a pandas frame takes."""
        import pandas as pd

        by_columns: dict[tuple[str, ...], list[tuple[Row, Any]]] = defaultdict(list)
        for row, outcome in pairs:
            by_columns[tuple(row)].append((row, outcome))
        for columns, group in by_columns.items():
            rows, outcomes = zip(*group, strict=True)
            self._groups.append((pd.DataFrame(list(rows), columns=list(columns)), list(outcomes)))
            self.rows += len(rows)
            self.values += len(rows) * len(columns)

    def added_to(self, X: Any, y: Any) -> tuple[Any, Any]:
        """`X` and `y` with those of the rows below that fit them, as `with_feedback` says."""
        import pandas as pd

        if not isinstance(X, pd.DataFrame) or not len(X):
            raise SignatureError("X must be a pandas DataFrame with rows to train on.")
        several = isinstance(y, pd.DataFrame)
        answers = y if several else pd.Series(y).to_frame()
        groups = [(frame, given) for frame, given in self._groups if set(X) <= set(frame)]
        outcomes = [outcome for _, given in groups for outcome in given]
        columns, targets, takes, known = {}, {}, [], []
        for name in X:
            parts = [frame[name].to_numpy(object) for frame, _ in groups]
            columns[name], fits = _as_column(np.concatenate([[], *parts]), X[name])
            takes.append(fits)
        for name in answers:
            targets[name], fits = _as_column(_answers(outcomes, answers, name), answers[name])
            known.append(fits)
        good = np.all(takes, axis=0)
        fit = good & np.all(known, axis=0)
        left_out = {
            COLUMNS: self.rows - len(outcomes),
            VALUES: int((~good).sum()),
            OUTCOME: int((good & ~fit).sum()),
        }
        told = self._told({why: count for why, count in left_out.items() if count})
        if not fit.any():
            raise ArtifactError(f"No logged row can be trained on. {told}")
        self.added = int(fit.sum())
        ones = "one" if self.added == 1 else "ones"
        self.say(f"Training on {len(X):,} rows and {self.added:,} logged {ones}")
        if told:
            self.say(told)
        X = pd.concat([X, pd.DataFrame(columns)[fit]], ignore_index=True)
        answers = pd.concat([answers, pd.DataFrame(targets)[fit]], ignore_index=True)
        return X, answers if several else answers.iloc[:, 0].rename(getattr(y, "name", None))

    def _told(self, left_out: dict[str, int]) -> str:
        if not left_out:
            return ""
        count = sum(left_out.values())
        said = f"{count:,} of {self.rows:,} logged rows {'was' if count == 1 else 'were'} left out"
        whys = [f"{n:,} {'has' if n == 1 else 'have'} {why}" for why, n in left_out.items()]
        return f"{said}: {', '.join(whys)}."


_offered: ContextVar[LoggedRows | None] = ContextVar("offered", default=None)


def with_feedback(X: Any, y: Any) -> tuple[Any, Any]:
    """The training rows and, in `manage train --with-feedback`, logged rows below them.

    Call it when the test rows are split off, so that no logged row is among those: the score is
    then of the same rows as before, and tells one version from the other.

    `X` (rows, features) is a pandas frame, `y` (rows,) or a frame (rows, targets) its answers.
    Both come back as they are in any other run. Added is what has a true outcome and every column
    of X, with values that these take: types and categories stay as they are, gaps are only where X
    has some, and classes are those of y. How many rows were left out, and why, is told. Rows are
    numbered anew. Raises ArtifactError when none can be added.
    """
    logged = _offered.get()
    return (X, y) if logged is None else logged.added_to(X, y)


@contextmanager
def offering(logged: LoggedRows) -> Iterator[None]:
    """Have `with_feedback` add these rows."""
    token = _offered.set(logged)
    try:
        yield
    finally:
        _offered.reset(token)


def rows_added() -> int:
    """How many logged rows the training under way took.

    Raises ArtifactError when there are some that it never asked for.
    """
    logged = _offered.get()
    if logged is None:
        return 0
    if logged.added is None:
        raise ArtifactError(NOT_CALLED)
    return logged.added


def _answers(outcomes: list[Any], y: Any, name: Any) -> Any:
    """The outcomes (rows,) as column `name` of a frame `y` writes them, None if it never does."""
    if len(y.columns) > 1:
        given = [one.get(name) if isinstance(one, dict) else None for one in outcomes]
    else:
        # A class 1 may be 1.0 there, but true is not 1.
        classes = {(isinstance(one, bool), one): one for one in y[name].unique().tolist()}
        given = [
            one
            if isinstance(one, float)
            else None
            if isinstance(one, dict)
            else classes.get((isinstance(one, bool), one))
            for one in outcomes
        ]
    return np.array(given, object)


def _as_column(values: Any, like: Any) -> tuple[Any, Any]:
    """Logged values (rows,) as a column such as `like`, and which of them (rows,) it takes.

    What it does not take has a value of `like` in its place.
    """
    import pandas as pd

    takes, written = _rules(like)
    gaps, missing = pd.isna(values), like[like.isna()]
    gap = missing.iloc[0] if len(missing) else None
    fits = [bool(len(missing)) if gone else takes(v) for v, gone in zip(values, gaps, strict=True)]
    cells = [
        (gap if gone else written(v)) if fit else like.iloc[0]
        for v, gone, fit in zip(values, gaps, fits, strict=True)
    ]
    return pd.Series(cells, dtype=like.dtype), np.array(fits, bool)


def _rules(like: Any) -> tuple[Callable[[Any], bool], Callable[[Any], Any]]:
    """Whether a column takes a logged value that is no gap, and how it writes it."""
    import pandas as pd

    kind, dtype = kind_of(like), like.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return set(dtype.categories).__contains__, _same
    if kind == "integer":
        of = getattr(dtype, "numpy_dtype", dtype)  # nullable ones have one below
        low, high = (np.iinfo(of).min, np.iinfo(of).max) if of.kind in "iu" else (-np.inf, np.inf)
        return lambda v: _is_number(v) and v == int(v) and low <= v <= high, int
    if kind == "date":
        moments = isinstance(like.dropna().iloc[0], datetime)
        return _is_day, pd.Timestamp if moments else parse_day
    if kind == "floating":
        return _is_number, float
    types = {"boolean": bool, "string": str}
    return lambda v: type(v) is types.get(kind), _same


def _same(value: Any) -> Any:
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_day(value: Any) -> bool:
    with suppress(TypeError, ValueError):
        parse_day(value)
        return True
    return False

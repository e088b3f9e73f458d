"""Decides what each column of a table holds: by what was told, the model, and then the values.

A column of text becomes a column as it was in training, with gaps as None or NaN.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..fitted.knowledge import Known
from ..frames import categorical, level_text
from ..signature import INTEGER_MAX, FeatureType, SignatureError, brief, kind_of
from ..tables.reading import GAPS, TRUE_FALSE, Reading, boolean, level
from .marks import asked_about, form_of, if_gap, mend, option, seems_thousands

PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
CODE = re.compile(
    r"[+-]?0\d.*|\+.*|[+-]?\d+[eE]\d+", re.ASCII
)  # numbers that printers do not write
TEXTS = {"object", "str", "string", "category"}
WORDS = {"true", "false"}
BEYOND = "a whole number beyond 2**53"


@dataclass(frozen=True)
class Told:
    """How a table is to be read, as somebody says who knows it; None and nothing: find out.

    `texts` are columns of text, `gaps` are texts for values that are not there. `dates` are columns
    of dates, each with its format of `strptime` or None for dates that begin with the year.
    `categories` are those of a column, in the order of the training, for a model that numbers them
    and does not keep which they are.
    """

    texts: Sequence[str] = ()
    gaps: Sequence[str] = ()
    decimal: str | None = None
    thousands: str | None = None
    dates: Mapping[str, str | None] = field(default_factory=dict)
    categories: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def reading(self) -> Reading:
        """The same, as it is kept in a signature. Raises SignatureError."""
        decimal = self.decimal or ("," if self.thousands == "." else ".")
        given = {"decimal": decimal, "thousands": self.thousands or "", "gaps": list(self.gaps)}
        dates = {column: form for column, form in self.dates.items() if form}
        try:
            return Reading.model_validate(given | {"dates": dates})
        except ValueError as error:
            raise SignatureError(f"The table cannot be read so: {brief(error)}") from None


@dataclass
class Decided:
    """A column as the model took it in training, its type where that is settled, and why."""

    values: Any  # a pandas column (rows,)
    type: FeatureType | None
    why: str


class Decider:
    """Decides the columns of one table, `source`, which is read as `told`.

    `gaps` collects other texts that turned out to be gaps. Raises SignatureError, in a sentence
    with column, row, value, and the mend.
    """

    def __init__(self, told: Told, source: str) -> None:
        self.told, self.source = told, source
        self.read = told.reading()
        self.gaps: list[str] = []

    def reading(self) -> Reading:
        """How the table was read in the end."""
        more = [text for text in dict.fromkeys(self.gaps) if text not in self.read.gaps]
        return self.read.model_copy(update={"gaps": [*self.read.gaps, *more]})

    def column(self, given: Any, known: Known) -> Decided:
        """Decide a pandas column (rows,): texts of a CSV file, or values with types."""
        found = self._column(given, known)
        self._check_levels(found.values, known)
        return found

    def _check_levels(self, column: Any, known: Known) -> None:
        """Stop at a value that the model will refuse, or where it knows none of them."""
        values = column.dropna()
        if not known.levels or not len(values):
            return
        strange = ~values.isin(known.levels)
        if strange.all() or (known.lenient is False and strange.any()):
            value = values[strange].iloc[0]
            what = f"none of the {len(known.levels):,} levels that {known.by} knows"
            has = ", ".join(map(_shown, known.levels[:5]))
            mend = "write all as in training" if strange.all() else "leave out such rows"
            self._refuse(column, value, f"{mend} (it knows {has})", what)

    def _column(self, given: Any, known: Known) -> Decided:
        name, by = str(given.name), known.by or "the model"
        if name in self.told.dates or known.type == "date":
            return self._dates(given, f"a date to {by}" if known.type else "told by `--date`")
        if (kind := kind_of(given)) in ("date", "datetime"):
            return Decided(given, "date" if kind == "date" else None, "as in the file")
        told = name in self.told.texts
        if known.dtype == "category" and known.levels_dtype and not told:
            return self._numbered(given, known, f"{len(known.levels or []):,} categories of {by}")
        if told or known.type in ("text", "category"):
            levels = f" with {len(known.levels):,} levels" if known.levels else ""
            why = "told by `--text`" if told else f"text to {by}{levels}"
            return self._texts(_as_text(given), known, why)
        if known.type:
            return self._numbers(given, known, f"a {known.type} to {by}")
        texts = known.dtype in TEXTS and not _is_typed(given)
        return self._texts(given, known, f"text, {by}") if texts else self._guessed(given, known)

    def target(self, given: Any, known: Known) -> Any:
        """A column of true answers, (rows,), as the model answers them; other answers stay text."""
        if known.type in ("integer", "number", "boolean") and not _is_typed(given):
            read = self._is_true_or_false if known.type == "boolean" else self._is_number
            texts = [text for text in _distinct(given) if not self._gap(text, among_texts=False)]
            some = any(map(read, texts)) or any(re.search(r"\d", text) for text in texts)
            if not (some if known.levels is None else all(map(read, texts))):
                return given
        return self._column(given, known).values

    def _guessed(self, given: Any, known: Known) -> Decided:
        """A column of which the model says nothing; typed ones are taken as they are."""
        if _is_typed(given):
            typed = kind_of(given) in ("floating", "integer", "boolean", "decimal")
            taken = self._numbers if typed else lambda column, _, why: Decided(column, None, why)
            return taken(given, known, "as in the file, the model does not say")
        texts = [text for text in _distinct(given) if not self._gap(text, among_texts=False)]
        inner = [text.strip() for text in texts]
        marked = self.told.decimal or self.told.thousands
        if inner and all(text.lower() in WORDS for text in inner):
            return self._numbers(given, known, "all true or false, the model does not say")
        if inner and all(map(self._is_number if marked else PLAIN.fullmatch, inner)):
            if not (code := next(filter(CODE.fullmatch, inner), None)):
                return self._numbers(given, known, "all numbers, the model does not say")
            return self._texts(given, known, f"{code!r} would change as a number")
        if inner and (asked := asked_about(texts, self.read)):
            text = option("--text", str(given.name))
            self._refuse(given, asked.text, f"{asked.why}; if it is text, say `{text}`")
        return self._texts(given, known, "not all numbers, the model does not say")

    def _texts(self, given: Any, known: Known, why: str) -> Decided:

        levels = {one for one in known.levels or [] if isinstance(one, str)}
        # A vectoriser takes no gaps, so that a blank was a text without words in training.
        bare = known.type == "text" and not known.fills and "" not in self.read.gaps
        meant: dict[str, Any] = {}
        gap = _gap_of(known)
        for text in _distinct(given):
            found = level(text, levels) if levels else text
            gone = found not in levels and self._gap(text, among_texts=True)
            gone &= bool(text.strip()) or not bare
            if not gone and found not in levels and known.fills and text.strip().lower() in GAPS:
                self.gaps.append(text.strip())  # as pandas reads it, when no level is called so
                gone = True
            meant[text] = gap if gone else found
        cells = [meant[cell] if isinstance(cell, str) else gap for cell in _cells(given)]
        kind: FeatureType | None = "text" if known.type == "text" else None
        return Decided(_text_column(cells, given, known), kind, why)

    def _numbered(self, given: Any, known: Known, why: str) -> Decided:
        """A column whose categories the model numbers in its own order, as in training."""
        import pandas as pd

        dtype = None if known.levels_dtype == "str" else known.levels_dtype
        known_levels = known.levels or []
        levels = np.array(known_levels, dtype or object)
        texts = _as_text(given)
        stripped = [
            None if not isinstance(v, str) or self._gap(v, among_texts=True) else level(v, names)
            for names in [{level_text(one) for one in levels.tolist()}]
            for v in texts
        ]
        column = pd.Series(categorical(stripped, levels), given.index, name=given.name)
        told = pd.Series(stripped, given.index, dtype=object).notna().to_numpy()
        lost = told & column.isna().to_numpy()
        if lost.any() and (known.lenient is False or lost.sum() == told.sum()):
            has = ", ".join(map(_shown, known_levels[:5]))
            mend = "write all as in training" if lost.sum() == told.sum() else "leave out such rows"
            what = f"none of the {len(known_levels):,} categories that {known.by} knows"
            self._refuse(given, given[lost].iloc[0], f"{mend} (it knows {has})", what)
        return Decided(column, "category", why)

    def _dates(self, given: Any, why: str) -> Decided:
        import pandas as pd

        if kind_of(given) == "date":
            return Decided(pd.to_datetime(given), "date", why)
        meant: dict[str, Any] = {}
        name = str(given.name)
        for text in _distinct(_as_text(given)):
            if self._gap(text, among_texts=False):
                continue
            try:
                meant[text] = self.read.day(text, name)
            except ValueError:
                form = self.read.dates.get(name)
                what = (
                    f"no date of the form {form}" if form else "no date that begins with its year"
                )
                self._refuse(given, text, form_of(text, _distinct(_as_text(given)), name), what)
        days = [meant.get(cell) for cell in _as_text(given)]
        return Decided(
            pd.to_datetime(pd.Series(days, given.index, dtype=object, name=name)), "date", why
        )

    def _numbers(self, given: Any, known: Known, why: str) -> Decided:
        """A column of which the model wants numbers, or true and false."""
        import pandas as pd

        if _is_typed(given):
            return self._typed_numbers(given, known, why)
        every, cells = _distinct(given), _cells(given)
        meant: dict[str, Any] = {text: None for text in every if self._means_none(text)}
        shown = [text for text in every if text not in meant]
        words = bool(shown) and all(text.strip().lower() in WORDS for text in shown)
        if words or known.type == "boolean":
            meant |= {text: self._true_or_false(given, text) for text in shown}
            dtype = object if any(value is None for value in meant.values()) else bool
            values = [_gap_of(known) if (v := meant.get(cell)) is None else v for cell in cells]
            column = pd.Series(values, given.index, dtype=dtype, name=given.name)
            return Decided(column, "boolean", why)
        meant |= self._parsed(given, shown)
        floats = [np.nan if (v := meant.get(cell)) is None else v for cell in cells]
        column = pd.Series(floats, given.index, dtype="float64", name=given.name)
        return self._as_numbers(column, known, why, all(t.strip("+- ").isdigit() for t in shown))

    def _typed_numbers(self, given: Any, known: Known, why: str) -> Decided:
        kind = kind_of(given)
        if kind == "boolean":
            column = given.astype(object).where(given.notna(), _gap_of(known))
            return Decided(column if given.isna().any() else given.astype(bool), "boolean", why)
        if kind == "decimal":
            given, kind = given.astype(float), "floating"
        if kind not in ("floating", "integer", "mixed-integer-float"):
            value = given.dropna().iloc[0] if given.notna().any() else None
            self._refuse(given, value, "write numbers there, as in training", f"of the type {kind}")
        if known.type == "boolean":
            column = given.astype("float64").map({0.0: False, 1.0: True})
            if (column.isna() & given.notna()).any():
                odd = given[column.isna() & given.notna()].iloc[0]
                self._refuse(given, odd, "write true or false", "neither true nor false")
            return Decided(column if column.isna().any() else column.astype(bool), "boolean", why)
        if kind == "integer" and not (given.dropna().abs() <= INTEGER_MAX).all():
            large = given[given.abs() > INTEGER_MAX].iloc[0]
            self._refuse(given, large, "drop the column, or make it text", BEYOND)
        dtype = "float32" if str(given.dtype) == "float32" else "float64"
        return self._as_numbers(given.astype(dtype), known, why, kind == "integer")

    def _as_numbers(self, column: Any, known: Known, why: str, whole: bool) -> Decided:
        """A column of floats, which are `whole` numbers where the model knows whole ones only."""
        fractions = column.notna() & (column % 1 != 0)
        if known.type == "integer" and fractions.any():
            odd = column[fractions].iloc[0]
            self._refuse(column, odd, "write whole numbers, as in training", "no whole number")
        if (whole or known.type == "integer") and known.type != "number" and column.notna().all():
            column = column.astype("int64")
        elif known.gap == "None" and column.isna().any():  # beside whole numbers, as in training
            whole = known.type == "integer"
            column = column.astype("Int64" if whole else object).astype(object)
            column = column.where(column.notna(), None)
        return Decided(column, known.type or (None if whole else "number"), why)

    def _parsed(self, given: Any, texts: list[str]) -> dict[str, float]:
        """The numbers that texts of a column mean."""
        read = float if self.read == Reading() else self.read.number
        try:
            numbers = dict(zip(texts, map(read, texts), strict=True))
        except ValueError:
            self._check_marks(given, texts)
            odd = next(text for text in texts if not self._is_number(text))
            self._refuse(given, odd, mend(odd, self.read))
        self._check_thousands(given, texts)
        for text in texts if not np.all(np.abs([*numbers.values()]) < INTEGER_MAX) else ():
            if not np.isfinite(numbers[text]):
                self._refuse(given, text, "clean it", "not finite")
            if (digits := text.strip("+- ")).isdigit() and int(digits) > INTEGER_MAX:
                self._refuse(given, text, "drop the column, or make it text", BEYOND)
        return numbers

    def _true_or_false(self, given: Any, text: str) -> bool:
        try:
            return boolean(text)
        except ValueError:
            how = f"write true or false or, {if_gap(text)}"
            self._refuse(given, text, how, "neither true nor false")
            raise

    def _is_true_or_false(self, text: str) -> bool:
        return text.strip().lower() in TRUE_FALSE

    def _is_number(self, text: str) -> bool:
        try:
            return bool(np.isfinite(self.read.number(text)))
        except ValueError:
            return False

    def _check_marks(self, given: Any, shown: list[str]) -> None:
        """Stop where other marks are found than nobody or somebody told of."""
        if found := asked_about(shown, self.read):
            self._refuse(given, found.text, found.why)

    def _check_thousands(self, given: Any, shown: list[str]) -> None:
        told = self.told.decimal or self.told.thousands
        if text := None if told else seems_thousands(shown):
            thousand = text.replace(".", "")
            why = f"if it means {thousand}, say `--thousands .`, and if not, `--decimal .`"
            self._refuse(given, text, why, "like a number with a mark of thousands")

    def _means_none(self, text: str) -> bool:
        """Whether a text among numbers is a gap."""
        number = text[:1].isdigit() and not self.read.gaps
        return not number and self._gap(text, among_texts=False)

    def _gap(self, text: str, *, among_texts: bool) -> bool:
        return self.read.is_gap(text, among_texts=among_texts)

    def _refuse(self, given: Any, value: Any, mend: str, what: str = "no number") -> None:
        """Raise SignatureError for a value of a column."""
        row = next((n for n, one in enumerate(given, 1) if _same(one, value)), 1)
        where = f"Column {given.name!r} of {self.source} has {_shown(value)} in row {row}"
        raise SignatureError(f"{where}, which is {what}; {mend}.")


def _text_column(cells: list[Any], like: Any, known: Known) -> Any:
    """Texts and gaps as a column of the dtype of training, else that of pandas for texts."""
    import pandas as pd

    column: Any = pd.Series(cells, like.index, dtype=object, name=like.name)
    if known.gap == "None" or known.dtype == "object":
        return column
    if known.dtype == "category":
        levels = [*(known.levels or sorted(set(column.dropna()))), *column.dropna()]
        return column.astype(pd.CategoricalDtype(list(dict.fromkeys(levels))))
    return column.astype("string" if known.dtype == "string" else pd.Series(["text"]).dtype)


def _gap_of(known: Known) -> Any:
    """How a gap was written in the training of a model."""
    return None if known.gap == "None" else np.nan


def _is_typed(column: Any) -> bool:
    """Whether it holds others than texts."""
    return kind_of(column) not in ("string", "empty")


def _as_text(column: Any) -> Any:
    """A column as text, whatever it holds: 7.0 among whole numbers is 7."""
    if not _is_typed(column):
        return column
    import pandas as pd

    def text(value: Any) -> Any:
        if pd.isna(value):
            return None
        whole = isinstance(value, float) and value.is_integer() and abs(value) <= INTEGER_MAX
        return str(int(value) if whole else value)

    return pd.Series([text(v) for v in column], column.index, dtype=object, name=column.name)


def _cells(column: Any) -> list[Any]:
    cells: list[Any] = column.astype(object).tolist()
    return cells


def _distinct(column: Any) -> list[str]:
    return [text for text in dict.fromkeys(_cells(column)) if isinstance(text, str)]


def _same(one: Any, value: Any) -> bool:
    return bool(one is value or (type(one) is type(value) and one == value))


def _shown(value: Any) -> str:
    text = repr(value.item() if isinstance(value, np.generic) else value)
    return text if len(text) <= 60 else f"{text[:57]}..."

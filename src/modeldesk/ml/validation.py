"""Checks rows against a signature and names every fault, with its place, in plain words."""

import re
import reprlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time
from functools import partial
from math import isnan, nan
from typing import Annotated, Any, Literal, Optional

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)
from pydantic import create_model as create
from pydantic_core import PydanticCustomError

from .column_checks import Cells, Column, NumberColumn, ValueColumn
from .frames import level_text
from .rows import Row, Rows, Values, columns_of
from .signature import FIRST_DAY, FLOAT32_MAX, INTEGER_MAX, LAST_DAY, Feature, Signature, parse_day
from .tables.cells import Convert, converter, level_of, none_if_blank, typed_in

NO_NUL = r"^[^\x00]*$"  # the character that not every database stores
NUMERIC = re.compile(r"-?\d+(\.\d+)?|True|False", re.ASCII)  # a level that JSON has as another type

LONGEST_REFERENCE = 64  # characters
MANY = 16  # rows, from which on columns are faster


@dataclass(frozen=True)
class Fault:
    """Where it is (`loc`), what is wrong (`msg`) and of which kind (`type`, snake case)."""

    loc: tuple[str | int, ...]
    msg: str
    type: str

    def as_dict(self) -> dict[str, Any]:
        """The fault as JSON has it."""
        return asdict(self) | {"loc": list(self.loc)}


Reference = Annotated[str, Field(min_length=1, max_length=LONGEST_REFERENCE, pattern=NO_NUL)]
FindFaults = Callable[[Row, tuple[str | int, ...]], Iterable[Fault]]


class InvalidInstances(ValueError):
    """Rows the model cannot take; `faults` names everything wrong with them."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(" ".join(fault.msg for fault in faults))
        self.faults = faults


class InstanceValidator:
    """Turns untrusted rows into complete ones, gaps as None, and warns of unusual values.

    `model` is the pydantic class of one row; `rules` find what else is wrong with a row whose
    values are all allowed, at a place. `reference` names a text that may be sent with a row, and
    comes with it. All methods raise InvalidInstances.
    """

    def __init__(
        self,
        signature: Signature,
        rules: FindFaults | None = None,
        reference: str | None = None,
    ) -> None:
        self.rules, self.reference = rules, reference
        self.reading = signature.reading
        self.features = {feature.name: feature for feature in signature.features}
        self.names = [*self.features, *([reference] if reference else [])]
        self.model = _model(signature.features, "forbid", reference)
        warned = [f.model_copy(update={"outside": "refuse"}) for f in signature.features]
        usual = _model([f for f in warned if self.features[f.name].outside == "warn"], "ignore")
        self._usual, self._all_usual = TypeAdapter(usual), TypeAdapter(list[usual])  # type: ignore[valid-type]
        self._rows = TypeAdapter(list[self.model])  # type: ignore[name-defined]
        pairs = zip(signature.features, warned, strict=True)
        self._columns = {feature.name: _column(feature, warns) for feature, warns in pairs}
        if reference:
            self._columns[reference] = ValueColumn(_reference(reference)[0], None)
        given = signature.features
        own = {reference: none_if_blank} if reference else {}
        self._typed_in = {f.name: typed_in(f) for f in given} | own
        self._cells = {f.name: converter(f, self.reading) for f in given} | own
        self._typed = {f.name: converter(f, self.reading, typed=True) for f in given} | own

    def from_json(self, rows: list[Any]) -> tuple[Sequence[Row], list[Fault]]:
        """Check rows of a JSON body. Types are strict ("3" is no number), but 3.0 is whole."""
        if len(rows) >= MANY:
            return self._many_from_json(rows)
        values = self._rows_from_json(rows, range(len(rows)))
        self._refuse_by_rules(values)
        return values, self._warnings(self._all_usual, values, "instances")

    def _rows_from_json(self, rows: list[Any], places: Sequence[int]) -> list[Row]:
        """Rows that stand at these places of a body, as they are taken."""
        try:
            checked = self._check(self._rows.validate_python, rows, "instances")
        except InvalidInstances as error:
            raise InvalidInstances([_moved(fault, places) for fault in error.faults]) from None
        return [self._values(model) for model in checked]

    def _many_from_json(self, rows: list[Any]) -> tuple[Sequence[Row], list[Fault]]:
        cells, odd = columns_of(rows, self.names)
        columns, doubt = self._taken(len(rows), cells, lambda one, cells, _: one.from_json(cells))
        if places := sorted(doubt.union(odd)):
            known = self._rows_from_json([rows[place] for place in places], places)
            _put(columns, dict(zip(places, known, strict=True)))
        values: Sequence[Row] = self._as_rows(columns, len(rows))
        if self.rules:
            values = list(values)
            self._refuse_by_rules(values)
        unusual: set[int] = set()
        for name, column in columns.items():
            unusual.update(self._columns[name].unusual(column))
        places = sorted(unusual)
        warned = [values[place] for place in places]
        warnings = self._warnings(self._all_usual, warned, "instances") if warned else []
        return values, [_moved(warning, places) for warning in warnings]

    def _refuse_by_rules(self, rows: list[Row]) -> None:
        if self.rules:
            self._refuse(
                fault for i, row in enumerate(rows) for fault in self.rules(row, ("instances", i))
            )

    def from_values(self, row: Row) -> tuple[Row, list[Fault]]:
        """Check one row of typed values; NaN is a gap, other keys are let be."""
        known = {name: row[name] for name in self.names if name in row}
        gaps = {name for name, v in known.items() if isinstance(v, float) and isnan(v)}
        return self._one(known | dict.fromkeys(gaps))

    def from_form(self, row: Mapping[str, str]) -> tuple[Row, list[Fault]]:
        """Check one row of texts, each as it is: what is a gap is not among them."""
        return self._one(_converted(self._typed_in, row))

    def from_text(self, row: Mapping[str, str]) -> tuple[Row, list[Fault]]:
        """Check one row of a file of texts, as the signature reads them; other keys are let be."""
        try:
            return self._one(_converted(self._cells, row))
        except InvalidInstances as error:
            raise InvalidInstances([self._written(fault) for fault in error.faults]) from None

    def from_columns(
        self, columns: Mapping[str, Cells], *, typed: bool = False
    ) -> tuple[Sequence[Row], dict[int, InvalidInstances]]:
        """Check rows of a table by columns: those taken, and what is wrong with others, by place.

        Cells are texts, as the signature reads them, or `typed`; then those of numbers may be an
        array, in which NaN is a gap. Other columns are let be.
        """
        convert = self._typed if typed else self._cells
        cells = {name: column for name, column in columns.items() if name in convert}
        count = len(next(iter(cells.values()), ()))

        def read(one: NumberColumn | ValueColumn, cells: Cells, name: str) -> Column:
            if typed:
                return one.from_typed(cells, convert[name])
            return one.from_text(cells, self.reading, convert[name])

        taken, doubt = self._taken(count, cells, read)
        known: dict[int, Row] = {}
        faults: dict[int, InvalidInstances] = {}
        for place in sorted(doubt):
            row = {name: convert[name](_scalar(column[place])) for name, column in cells.items()}
            try:
                known[place] = self._values(self._check(self.model.model_validate, row))
            except InvalidInstances as error:
                faults[place] = InvalidInstances([self._written(fault) for fault in error.faults])
        _put(taken, known)
        rows: Sequence[Row] = self._as_rows(taken, count, faults)
        return self._by_rules(self.rules, rows, count, faults) if self.rules else (rows, faults)

    def _taken(
        self,
        count: int,
        cells: Mapping[str, Cells],
        read: Callable[[NumberColumn | ValueColumn, Cells, str], Column],
    ) -> tuple[dict[str, Values], set[int]]:
        """Columns (`count`,) of values, and which rows are in doubt; one that lacks has gaps."""
        columns: dict[str, Values] = {}
        doubt: set[int] = set()
        for name, check in self._columns.items():
            if name in cells:
                columns[name], rows = read(check, cells[name], name)
            else:
                columns[name], rows = check.from_json([None] * count)
            doubt.update(rows)
        return columns, doubt

    def _as_rows(
        self, columns: Mapping[str, Values], count: int, without: Collection[int] = ()
    ) -> Rows:
        """Columns of values as rows `without` some of these."""
        keep = np.ones(count, bool)
        keep[[*without]] = False
        kept = {name: self._columns[name].kept(values, keep) for name, values in columns.items()}
        return Rows(kept, count - len(without))

    def _by_rules(
        self,
        rules: FindFaults,
        rows: Sequence[Row],
        count: int,
        faults: Mapping[int, InvalidInstances],
    ) -> tuple[list[Row], dict[int, InvalidInstances]]:
        """Rows that have no faults, nor any by the rules, and all faults of `count` rows."""
        good, bad = [], dict(faults)
        for place, row in zip((i for i in range(count) if i not in faults), rows, strict=True):
            if found := list(rules(row, ())):
                bad[place] = InvalidInstances(found)
            else:
                good.append(row)
        return good, bad

    def _written(self, fault: Fault) -> Fault:
        """A fault of a cell, with how such a value is written in files of this model."""
        feature = self.features.get(str(fault.loc[-1])) if fault.loc else None
        name = feature.name if feature else ""
        like = {
            "float_type": f"write it like {self.reading.write(1234.5)}",
            "bool_type": "write true or false",
            "date": f"write it like {self.reading.write('2026-01-31', name)}",
        }.get(fault.type)
        plain = fault.type == "date" and name not in self.reading.dates  # which it says itself
        return replace(fault, msg=f"{fault.msg[:-1]}; {like}.") if like and not plain else fault

    def _one(self, row: Row) -> tuple[Row, list[Fault]]:
        values = self._values(self._check(self.model.model_validate, row))
        if self.rules:
            self._refuse(self.rules(values, ()))
        return values, self._warnings(self._usual, values)

    def _refuse(self, faults: Iterable[Fault]) -> None:
        if found := list(faults):
            raise InvalidInstances(found)

    def _values(self, model: BaseModel) -> Row:
        return dict(zip(self.names, vars(model).values(), strict=True))

    def _warnings(self, usual: TypeAdapter[Any], values: Any, *place: str) -> list[Fault]:
        try:
            self._check(usual.validate_python, values, *place)
        except InvalidInstances as error:
            return error.faults
        return []

    def _check(self, validate: Callable[..., Any], given: Any, *place: str) -> Any:
        try:
            return validate(given)
        except ValidationError as error:
            faults = error.errors(include_url=False)
            raise InvalidInstances([self._fault(fault, place) for fault in faults]) from None

    def _fault(self, error: Any, place: tuple[str, ...]) -> Fault:
        loc, kind, value = (*place, *error["loc"]), error["type"], error["input"]
        feature = self.features.get(loc[-1]) if loc else None
        if kind == "extra_forbidden":
            known = f"this model takes: {listed(self.names)}"
            return Fault(loc, f"{reprlib.repr(loc[-1])} is not a feature; {known}.", kind)
        if loc and self.reference and loc[-1] == self.reference:
            says = f"should be a text of 1 to {LONGEST_REFERENCE} characters, or a whole number"
            return Fault(loc, f"{self.reference} {says} (it was {reprlib.repr(value)}).", kind)
        if feature is None:
            return Fault(loc, f"An instance must be an object of features: {error['msg']}.", kind)
        if value is None or kind == "missing":
            return Fault(loc, f"{feature.label} is missing.", "missing")
        value = value.isoformat() if isinstance(value, date) else value
        gap = ", or null for a gap" if feature.missing and _is_nan(value) else ""
        # Pydantic begins with "Input" or "String", and may end with how it tried.
        says = message(error).partition(" ")[2].partition(", unable")[0]
        return Fault(loc, f"{feature.label} {says}{gap} (it was {reprlib.repr(value)}).", kind)


def _is_nan(value: Any) -> bool:
    """Whether it is what JSON does not have, but Python writes."""
    return isinstance(value, float) and isnan(value)


def _moved(fault: Fault, places: Sequence[int]) -> Fault:
    """A fault of one of some rows, which stand at these places of a body."""
    top, row, *rest = fault.loc
    return replace(fault, loc=(top, places[int(row)], *rest))


def _scalar(cell: Any) -> Any:
    return cell.item() if isinstance(cell, np.generic) else cell


def _put(columns: Mapping[str, Values], rows: Mapping[int, Row]) -> None:
    """Put taken rows into columns, each at its place."""
    for place, row in rows.items():
        for name, value in row.items():
            column = columns[name]
            gap = value is None and isinstance(column, np.ndarray)
            column[place] = nan if gap else value


def _converted(converters: Mapping[str, Convert], row: Mapping[str, str]) -> Row:
    return {name: converters[name](text) for name, text in row.items() if name in converters}


def message(error: Any) -> str:
    """What Pydantic says of an error, in plain words."""
    if error["type"] == "string_pattern_mismatch":
        return "String should hold no NUL character"
    return str(error["msg"])


def listed(names: Iterable[str], most: int = 20) -> str:
    """Names with commas; many are cut short."""
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _model(features: list[Feature], extra: Any, reference: str | None = None) -> type[BaseModel]:
    config = ConfigDict(extra=extra, strict=True, title="Instance")
    fields: Any = {f"f{i}": _field(feature) for i, feature in enumerate(features)}
    if reference:
        fields["reference"] = _reference(reference)
    model: type[BaseModel] = create("Instance", __config__=config, **fields)
    return model


def _reference(name: str) -> Any:
    says = "Of the caller's own, to find the prediction by."
    return (
        Optional[Annotated[Reference, BeforeValidator(_number_as_text)]],  # noqa: UP045
        Field(default=None, alias=name, title=name, description=says),
    )


def _column(feature: Feature, warned: Feature) -> NumberColumn | ValueColumn:
    """The check of a column of a feature, or with its warnings as refusals, where it has some."""
    warns = feature.outside == "warn"
    if feature.type not in ("number", "integer"):
        return ValueColumn(_field(feature)[0], _field(warned)[0] if warns else None)
    usual = limits(warned) if warns else None
    whole = feature.type == "integer"
    return NumberColumn(limits(feature), usual, whole=whole, missing=feature.missing)


def _field(feature: Feature) -> Any:
    refuse = feature.outside == "refuse"
    low, high = limits(feature)
    number = Annotated[float, Field(ge=low, le=high, allow_inf_nan=False), BeforeValidator(exactly)]
    day = Annotated[date, Field(ge=low, le=high), BeforeValidator(_day)]
    text = Annotated[str, Field(pattern=NO_NUL)]
    levels = set(feature.categories or [])
    kind: Any = {
        "number": number,
        "integer": Annotated[number, AfterValidator(_whole)],
        "date": Annotated[day, AfterValidator(date.isoformat)],
        "boolean": bool,
        "text": text,
        "category": Literal[tuple(feature.categories or [])] if refuse else text,
    }[feature.type]
    if feature.type == "category" and levels and all(map(NUMERIC.fullmatch, levels)):
        kind = Annotated[kind, BeforeValidator(partial(_numeral, levels=levels))]
    about = Field(
        default=None if feature.missing else ...,
        alias=feature.name,
        title=feature.label,
        description=f"In {feature.unit}." if feature.unit else None,
        examples=[feature.example],
        json_schema_extra={"type": "integer"} if feature.type == "integer" else None,
    )
    return Optional[kind] if feature.missing else kind, about  # noqa: UP045 - kind is a value


def limits(feature: Feature) -> tuple[Any, Any]:
    """The least and the greatest value: what can be computed with or, if so said, was trained."""
    most = INTEGER_MAX if feature.type == "integer" else FLOAT32_MAX
    days = feature.type == "date"
    low, high = (FIRST_DAY, LAST_DAY) if days else (-most, most)
    seen: list[Any] = [feature.min, feature.max] if feature.outside == "refuse" else [None, None]
    least, greatest = (parse_day(text) if days and text else text for text in seen)
    low = low if least is None else max(least, low)
    return low, high if greatest is None else min(greatest, high)


def exactly(value: Any) -> Any:
    """A value that, if it is a whole number, is none that would become another one."""
    if type(value) is int and abs(value) > INTEGER_MAX:
        with suppress(OverflowError):  # beyond every limit
            if value != float(value):
                says = "Input should be a number that 64 bits hold exactly, such as {near}"
                raise PydanticCustomError("inexact", says, {"near": f"{float(value):.0f}"})
    return value


def _day(value: Any) -> date:
    """The day that is given as text or, in a table, as a date or as the moment it begins."""
    if isinstance(value, datetime) and value.tzinfo is None and value.time() == time():
        return value.date()
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    with suppress(ValueError):
        if isinstance(value, str):
            return parse_day(value)
    raise PydanticCustomError("date", "Input should be a date, such as 2026-01-31")


def _number_as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _numeral(value: Any, levels: set[str]) -> Any:
    """A number or truth as the text of a level, where all levels are written so."""
    value = level_of(value, levels)
    return value if value is None or isinstance(value, str) else level_text(value)


def _whole(value: float) -> int:
    if not value.is_integer():
        raise PydanticCustomError("int_from_float", "Input should be a whole number")
    return int(value)

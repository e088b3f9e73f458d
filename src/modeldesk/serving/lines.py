"""The file of an export: a header, then a record a line as JSON, the same from any database."""

import codecs
import json
import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import fields, replace
from datetime import date, datetime
from math import isfinite
from typing import Annotated, Any, Literal, NoReturn

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from ..accounts.lines import AccountLine, TokenLine
from ..ml.validation import Reference
from .answers import to_json
from .body import STRICT, Identifier, Moment, NotJson, Refused, from_json
from .log import APART, Feedback, Record, iso, made_at
from .summaries import DaySummary, Totals

# A new kind of line leaves the version as it is: a release that does not know it says so.
FORMAT, VERSION = "service-export", 1
HEADER = to_json({"format": FORMAT, "version": VERSION}) + b"\n"
MAX_LINE = 2**24  # bytes; a body of the API has fewer


class BadLine(ValueError):
    """A line that cannot be taken; the message says why."""


def _outcome(value: Any) -> Any:
    if isinstance(value, bool | int | float | str):
        return value
    kinds = (bool, int, float, str)
    if isinstance(value, dict) and all(type(one) in kinds for one in value.values()):
        return value
    says = "Input should be a number, a text, true or false, or an object of these"
    raise PydanticCustomError("outcome", says)


def _share(value: Any) -> Any:
    if type(value) in (int, float):
        return float(value)
    if isinstance(value, dict) and all(type(one) in (int, float) for one in value.values()):
        return {label: float(one) for label, one in value.items()}
    raise PydanticCustomError("share", "Input should be a number, or an object of numbers")


def _day(text: str) -> str:
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        with suppress(ValueError):
            return date.fromisoformat(text).isoformat()
    raise PydanticCustomError("day", "Input should be a day such as 2026-01-31")


Shares = dict[str, Annotated[Any, AfterValidator(_share)]]
Outcome = Annotated[Any, AfterValidator(_outcome)]
Name = Annotated[str, Field(max_length=64)]
Count = Annotated[int, Field(ge=0, lt=2**31)]


class GivenFeedback(BaseModel):
    model_config = STRICT

    actual: Outcome
    comment: str
    created_at: Moment


class GivenShadow(BaseModel):
    model_config = STRICT

    version: Name
    value: Outcome = None
    probabilities: Shares | None = None
    error: str | None = None


class PredictionLine(BaseModel):
    """What the line of a prediction holds; each text fits its column."""

    model_config = STRICT

    kind: Literal["account", "token", "summary", "prediction"]  # a line of none of these is told so
    id: Identifier
    created_at: Moment
    request_id: Name
    model_version: Name
    inputs: dict[str, Any]
    value: Outcome
    probabilities: Shares | None
    label: Annotated[str, Field(max_length=255)] | None
    duration_ms: float
    feedback: GivenFeedback | None
    shadow: GivenShadow | None = None  # which files of releases before do not say
    user_id: Annotated[str, Field(max_length=36)] | None = None
    model_value: Outcome = None
    score: float | None = None
    reference: Reference | None = None

    @field_validator("created_at")
    @classmethod
    def agrees(cls, created_at: datetime, given: ValidationInfo) -> datetime:
        """By the time in their ids predictions are found."""
        made = given.data.get("id") and made_at(given.data["id"])
        if made and abs(created_at - made) > APART:
            says = "Input should be the moment that the id tells, {made}; change one of them"
            raise PydanticCustomError("moment", says, {"made": iso(made)})
        return created_at

    def record(self) -> Record:
        given = vars(self) | {
            "feedback": self.feedback and Feedback(**vars(self.feedback)),
            "shadow": self.shadow and self.shadow.model_dump(exclude_unset=True),
        }
        del given["kind"]
        return Record(**given)


class SummaryLine(BaseModel):
    """What the line of a day's totals holds."""

    model_config = STRICT

    kind: Literal["summary"]
    day: Annotated[str, AfterValidator(_day)]
    model_version: Name
    count: Annotated[int, Field(ge=1, lt=2**31)]
    duration_ms: float
    longest_ms: float
    with_feedback: Count
    correct: Count
    errors: dict[str, float]
    labels: dict[str, Count]

    def record(self) -> DaySummary:
        given = vars(self)
        totals = {one.name: given[one.name] for one in fields(Totals)}
        return DaySummary(self.day, self.model_version, Totals(**totals))


MODELS: dict[str, Any] = {
    "account": AccountLine,
    "token": TokenLine,
    "summary": SummaryLine,
}


def check_header(line: bytes) -> None:
    """Raise BadLine unless an export that can be read begins with this line."""
    try:
        header = from_json(line.removeprefix(codecs.BOM_UTF8))
    except NotJson:
        header = None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise BadLine(f"An export would begin with {HEADER.decode().strip()}.")
    if header.get("version") != VERSION:
        found = f"{header.get('version')!r:.20}"
        raise BadLine(f"Its format is version {found}; this release reads version {VERSION}.")


def to_line(record: Any) -> bytes:
    return to_json(_content(record)) + b"\n"


def from_line(line: bytes, kinds: Collection[str]) -> tuple[str, Any]:
    """The kind of a line and its record, None unless it is of one of `kinds`. Raises BadLine."""
    if len(line) >= MAX_LINE:
        raise BadLine("It is longer than 16 MiB.")
    try:
        given = from_json(line, parse_int=_int64, parse_float=_finite, parse_constant=_no_json)
        kind = str(given.get("kind")) if isinstance(given, dict) else ""
        if kind in MODELS and kind not in kinds:
            return kind, None
        record = MODELS.get(kind, PredictionLine).model_validate(given).record()
        if isinstance(record, Record) and "token" not in kinds:  # nobody is told apart here
            record = replace(record, user_id=None)
        return kind, record
    except NotJson as error:
        reason = str(error).replace("line 1, ", "")
        cut_off = "" if line.endswith(b"\n") else "The file is cut off here: "
        raise BadLine(f"{cut_off}{reason}") from None
    except ValidationError as error:
        faults = (
            f"{'.'.join(map(str, fault['loc'])) or 'It'}: {fault['msg']}"
            for fault in error.errors()
        )
        raise BadLine(f"{'; '.join(faults)}.") from None


def same(record: Any, other: Any) -> bool:
    """Whether nothing differs, be it 1 from 1.0 or 0.0 from -0.0; keys may be in any order."""
    return canonical(record) == canonical(other)


def canonical(record: Any) -> bytes:
    """What is the same of two records in which nothing differs."""
    return json.dumps(_content(record), sort_keys=True).encode()


def _content(record: Any) -> dict[str, Any]:
    if not isinstance(record, Record):
        content: dict[str, Any] = record.content()
        return content
    seldom = {name: getattr(record, name) for name in ("model_value", "score", "reference")}
    return {
        "kind": "prediction",
        "id": record.id,
        "created_at": iso(record.created_at),
        "request_id": record.request_id,
        "model_version": record.model_version,
        "inputs": record.inputs,
        "value": record.value,
        "probabilities": record.probabilities,
        "label": record.label,
        "duration_ms": record.duration_ms,
        "feedback": record.feedback.as_dict() if record.feedback else None,
        "shadow": record.shadow,
        "user_id": record.user_id,
    } | {name: value for name, value in seldom.items() if value is not None}


def _int64(text: str) -> int:
    number = int(text)
    if not -(2**63) <= number < 2**63:
        raise Refused(f"{text:.30} is more than 64 bits hold.")
    return number


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise Refused(f"{text:.30} is more than 64 bits hold.")
    return number


def _no_json(text: str) -> NoReturn:
    raise Refused(f"{text} is no JSON.")

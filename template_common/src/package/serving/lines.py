"""The file of an export: a header, then a record a line as JSON, the same from any database."""

import codecs
import json
from math import isfinite
from typing import Annotated, Any, Literal, NoReturn

from pydantic import AfterValidator, BaseModel, Field, ValidationError
from pydantic_core import PydanticCustomError

from .answers import to_json
from .body import STRICT, Moment, NotJson, Refused, from_json
from .log import Feedback, Record, iso

# A later version may have lines of other kinds.
FORMAT, VERSION = "service-export", 1
HEADER = to_json({"format": FORMAT, "version": VERSION}) + b"\n"
MAX_LINE = 2**24  # bytes; a body of the API has fewer
UUID7 = "^xxxxxxxx-xxxx-7xxx-[89ab]xxx-xxxxxxxxxxxx$".replace("x", "[0-9a-f]")


class BadLine(ValueError):
    """A line that cannot be taken; the message says why."""


def _scalar(value: Any) -> Any:
    if isinstance(value, bool | int | float | str):
        return value
    raise PydanticCustomError("scalar", "Input should be a number, a text, true or false")


Scalar = Annotated[Any, AfterValidator(_scalar)]
Name = Annotated[str, Field(max_length=64)]


class GivenFeedback(BaseModel):
    model_config = STRICT

    actual: Scalar
    comment: str
    created_at: Moment


class Line(BaseModel):
    """What a line holds; each text fits its column."""

    model_config = STRICT

    kind: Literal["prediction"]
    id: Annotated[str, Field(pattern=UUID7)]
    created_at: Moment
    request_id: Name
    model_version: Name
    inputs: dict[str, Any]
    value: Scalar
    probabilities: dict[str, float] | None
    label: Annotated[str, Field(max_length=255)] | None
    duration_ms: float
    feedback: GivenFeedback | None

    def record(self) -> Record:
        given = vars(self) | {"feedback": self.feedback and Feedback(**vars(self.feedback))}
        del given["kind"]
        return Record(**given)


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


def to_line(record: Record) -> bytes:
    return to_json(_content(record)) + b"\n"


def from_line(line: bytes) -> Record:
    """The record in a line. Raises BadLine."""
    if len(line) >= MAX_LINE:
        raise BadLine("It is longer than 16 MiB.")
    try:
        given = from_json(line, parse_int=_int64, parse_float=_finite, parse_constant=_no_json)
        return Line.model_validate(given).record()
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


def same(record: Record, other: Record) -> bool:
    """Whether nothing differs, be it 1 from 1.0 or 0.0 from -0.0; keys may be in any order."""
    texts = [json.dumps(_content(one), sort_keys=True) for one in (record, other)]
    return texts[0] == texts[1]


def _content(record: Record) -> dict[str, Any]:
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
    }


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

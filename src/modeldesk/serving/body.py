"""What requests may hold, and every fault of one that holds something else."""

import json
import re
from codecs import BOM_UTF8
from datetime import UTC, datetime
from functools import partial
from json import JSONDecoder
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    UUID7,
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    create_model,
)
from pydantic_core import PydanticCustomError

from ..ml.signature import FLOAT32_MAX, LONGEST_LABEL, Class, Output
from ..ml.validation import NO_NUL, Fault, InvalidInstances, Reference, exactly, listed, message
from .answers import Problem, Request
from .log import Query

M = TypeVar("M", bound=BaseModel)
MOST_ROWS = 1000  # of one request
STRICT = ConfigDict(extra="forbid", strict=True)
DATE, TIME, ZONE = r"\d{4}-\d\d-\d\d", r"\d\d:\d\d(:\d\d(\.\d{1,6})?)?", r"(Z|[+-]\d\d:\d\d)"
ISO_8601 = re.compile(f"{DATE}T{TIME}{ZONE}", re.ASCII)


class Refused(ValueError):
    """JSON that is well-formed, and yet holds what cannot be taken; the message says what."""


class NotJson(ValueError):
    """Bytes that are no JSON text; the message says why, `kind` of which sort it is."""

    def __init__(self, reason: str, kind: str) -> None:
        super().__init__(reason)
        self.kind = kind


def _moment(text: Any) -> datetime:
    try:
        if isinstance(text, str) and ISO_8601.fullmatch(text):
            return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):  # no such day, or one before the first year
        pass
    says = "Input should be a moment with its time zone, such as {like}"
    like = "2026-01-31T09:30:00Z"
    if isinstance(text, str) and ISO_8601.fullmatch(plus := text.replace(" ", "+")):
        says += "; a plus in an address is a blank, and is written %2B"
        like = plus.replace("+", "%2B")
    raise PydanticCustomError("moment", says, {"like": like})


Moment = Annotated[datetime, BeforeValidator(_moment)]  # text in ISO 8601; becomes UTC
UUID7_TEXT = "^xxxxxxxx-xxxx-7xxx-[89ab]xxx-xxxxxxxxxxxx$".replace("x", "[0-9a-f]")
Identifier = Annotated[str, Field(pattern=UUID7_TEXT)]


class PredictBody(BaseModel):
    model_config = STRICT

    instances: Annotated[list[Any], Field(min_length=1, max_length=MOST_ROWS)]


class Paging(BaseModel):
    """Which part of the log is asked for, each value as the text of an address."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    before: UUID7 | None = None
    model_version: Annotated[str, Field(max_length=64, pattern=NO_NUL)] | None = None
    label: Annotated[str, Field(max_length=LONGEST_LABEL, pattern=NO_NUL)] | None = None
    since: Moment | None = None
    until: Moment | None = None
    has_feedback: Literal["true", "false"] | None = None
    reference: Reference | None = None

    def query(self) -> Query:
        given = self.model_dump()
        given["before"] = str(self.before) if self.before else None
        given["has_feedback"] = {"true": True, "false": False, None: None}[self.has_feedback]
        return Query(**given)


def feedback_body(output: Output) -> type[BaseModel]:
    """The model of feedback: a class or a number, or one of these for each target; a comment."""
    limits = Field(ge=-FLOAT32_MAX, le=FLOAT32_MAX, allow_inf_nan=False)
    number = Annotated[float, limits, BeforeValidator(exactly)]
    kinds: list[Any] = [
        Annotated[Any, AfterValidator(partial(_one_of, part.classes))] if part.classes else number
        for part in output.parts
    ]
    fields: Any = {
        f"t{i}": (kind, Field(alias=part.name))
        for i, (kind, part) in enumerate(zip(kinds, output.parts, strict=True))
    }
    actual: Any = (
        create_model("Targets", __config__=STRICT, **fields) if output.targets else kinds[0]
    )
    comment = Annotated[str, Field(max_length=2000, pattern=NO_NUL)]
    return create_model("Feedback", __config__=STRICT, actual=(actual, ...), comment=(comment, ""))


def _one_of(classes: list[Class], value: Any) -> Any:
    # Not Literal, which takes true for 1.
    if any(value == one and type(value) is type(one) for one in classes):
        return value
    known = {"classes": listed(map(repr, classes))}
    raise PydanticCustomError("literal_error", "Input should be one of {classes}", known)


def parse(model: type[M], content: Any) -> M:
    """The content as a model. Raises InvalidInstances."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise InvalidInstances([_fault(fault) for fault in error.errors()]) from None


def _fault(error: Any) -> Fault:
    loc, kind, says = error["loc"], error["type"], f"{message(error)}."
    return Fault(loc, says, kind) if loc else Fault(("body",), "Send an object.", kind)


def read_json(request: Request, *types: str) -> Any:
    """The value in a JSON body; `types` are taken besides application/json.

    Raises:
        Problem: 415 for another content type, 400 for anything that is not well-formed JSON.
    """
    if request.media_type not in ("application/json", *types):
        raise Problem(415, "Send JSON, with the header Content-Type: application/json.")
    try:
        return from_json(request.body)
    except NotJson as error:
        faults = [Fault(("body",), str(error), error.kind)]
        raise Problem(400, f"The body is not valid JSON. {error}", faults) from None


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Refused(f'"{twice}" is given more than once in the same object.')
    return content


DECODER = JSONDecoder(object_pairs_hook=_unique_keys)


def from_json(text: bytes, **numbers: Any) -> Any:
    """The value of a JSON text; `numbers` are the hooks of json.loads. Raises NotJson."""
    decoder = JSONDecoder(object_pairs_hook=_unique_keys, **numbers) if numbers else DECODER
    try:
        if text.startswith(BOM_UTF8):
            raise json.JSONDecodeError("Send it without the byte order mark (BOM)", "", 0)
        content = decoder.decode(text.decode())
        if rb"\u" in text:
            _check_text(content)
    except UnicodeDecodeError as error:
        reason = f"It is not UTF-8, in which to send it: byte {error.start} cannot be read."
        kind = "unicode"
    except UnicodeEncodeError:
        reason, kind = "The text holds half of a character (a lone surrogate).", "unicode"
    except json.JSONDecodeError as error:
        reason, kind = f"{error.msg} at line {error.lineno}, column {error.colno}.", "json_invalid"
    except RecursionError:
        reason, kind = "It is nested too deeply.", "json_depth"
    except Refused as error:
        reason, kind = str(error), "json_refused"
    except ValueError:
        reason, kind = "A number has too many digits.", "json_refused"
    else:
        return content
    raise NotJson(reason, kind)


def _check_text(content: Any) -> None:
    # Databases and models take neither half of a surrogate pair nor, often, a NUL character.
    text = json.dumps(content, ensure_ascii=False)
    if r"\u0000" in text.replace(r"\\", ""):
        raise Refused("The text holds a NUL character, which cannot be stored.")
    text.encode()

"""What requests may hold, and every fault of one that holds something else."""

import json
from functools import partial
from typing import Annotated, Any, TypeVar

from pydantic import (
    UUID7,
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    create_model,
)
from pydantic_core import PydanticCustomError

from ..ml.signature import FLOAT32_MAX, Class, Output
from ..ml.validation import Fault, InvalidInstances, listed
from .answers import Problem, Request

M = TypeVar("M", bound=BaseModel)
STRICT = ConfigDict(extra="forbid", strict=True)


class Refused(ValueError):
    """JSON that is well-formed, and yet holds what cannot be taken; the message says what."""


class PredictBody(BaseModel):
    model_config = STRICT

    instances: Annotated[list[Any], Field(min_length=1, max_length=1000)]


class Paging(BaseModel):
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    before: UUID7 | None = None

    @property
    def start(self) -> str | None:
        return str(self.before) if self.before else None


def feedback_body(output: Output) -> type[BaseModel]:
    """The model of feedback: a class of the output or a number, and a comment."""
    number = Annotated[float, Field(ge=-FLOAT32_MAX, le=FLOAT32_MAX, allow_inf_nan=False)]
    label = Annotated[Any, AfterValidator(partial(_one_of, output.classes))]
    actual: Any = label if output.classes else number
    comment = Annotated[str, Field(max_length=2000)]
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
        raise InvalidInstances([_fault(**fault) for fault in error.errors()]) from None


def _fault(loc: tuple[str | int, ...], msg: str, type: str, **_: Any) -> Fault:
    return Fault(loc, f"{msg}.", type) if loc else Fault(("body",), "Send an object.", type)


def read_json(request: Request) -> Any:
    """The value in a JSON body.

    Raises:
        Problem: 415 for another content type, 400 for anything that is not well-formed JSON.
    """
    if request.content_type.partition(";")[0].strip().lower() != "application/json":
        raise Problem(415, "Send JSON, with the header Content-Type: application/json.")
    try:
        content = json.loads(request.body.decode(), object_pairs_hook=_unique_keys)
        if rb"\u" in request.body:
            _check_text(content)
    except UnicodeDecodeError as error:
        reason, kind = f"It is not UTF-8: byte {error.start} cannot be read.", "unicode"
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
    raise Problem(400, f"The body is not valid JSON. {reason}", [Fault(("body",), reason, kind)])


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Refused(f'"{twice}" is given more than once in the same object.')
    return content


def _check_text(content: Any) -> None:
    # Databases and models take neither half of a surrogate pair nor, often, a NUL character.
    text = json.dumps(content, ensure_ascii=False)
    if r"\u0000" in text.replace(r"\\", ""):
        raise Refused("The text holds a NUL character, which cannot be stored.")
    text.encode()

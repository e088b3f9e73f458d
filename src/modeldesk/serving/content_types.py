"""What MLServer's clients say of their tensors, as `content_type` among the parameters."""

from base64 import b64decode
from datetime import datetime, time
from typing import Any

from ..ml.validation import Fault, listed

PLAIN = ("np", "pd", "str")  # which say no more than the datatype does
KNOWN = (*PLAIN, "base64", "datetime")

Parameters = dict[str, Any] | None


def fault(parameters: Parameters, place: tuple[str | int, ...]) -> Fault | None:
    """What is wrong with the content type in the parameters at a place, if it has one."""
    told = (parameters or {}).get("content_type")
    if told is None or told in KNOWN:
        return None
    says = f"The content types are: {listed(KNOWN)}."
    return Fault((*place, "parameters", "content_type"), says, "content_type")


def meant(parameters: Parameters, cells: list[Any]) -> list[Any]:
    """Cells as their content type means them. Raises ValueError: a sentence says which is wrong."""
    told = (parameters or {}).get("content_type")
    if told == "base64":
        return [_unpacked(index, cell) for index, cell in enumerate(cells)]
    return [*map(_day, cells)] if told == "datetime" else cells


def of_output(datatype: str) -> str:
    return "str" if datatype == "BYTES" else "np"


def _unpacked(index: int, cell: Any) -> Any:
    try:
        return b64decode(cell, validate=True).decode() if isinstance(cell, str) else cell
    except ValueError:
        raise ValueError(f"Value {index} is not the base64 of a text in UTF-8.") from None


def _day(cell: Any) -> Any:
    """The day that begins at a moment without a time zone; checks have the words for others."""
    try:
        moment = datetime.fromisoformat(cell) if isinstance(cell, str) else None
    except ValueError:
        return cell
    begins = moment is not None and moment.tzinfo is None and moment.time() == time()
    return moment.date().isoformat() if moment and begins else cell

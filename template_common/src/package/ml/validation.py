"""Checks rows against a signature and names every fault, with its place, in plain words."""

import reprlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from math import isnan
from typing import Annotated, Any, Literal, Optional

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic import create_model as create
from pydantic_core import PydanticCustomError

from .signature import FLOAT32_MAX, INTEGER_MAX, Feature, Signature

NO_NUL = r"^[^\x00]*$"  # the character that not every database stores

Row = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """Where it is (`loc`), what is wrong (`msg`) and of which kind (`type`, snake case)."""

    loc: tuple[str | int, ...]
    msg: str
    type: str

    def as_dict(self) -> dict[str, Any]:
        """The fault as JSON has it."""
        return asdict(self) | {"loc": list(self.loc)}


class InvalidInstances(ValueError):
    """Rows the model cannot take; `faults` names everything wrong with them."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(" ".join(fault.msg for fault in faults))
        self.faults = faults


class InstanceValidator:
    """Turns untrusted rows into complete ones, gaps as None, and warns of unusual values.

    `model` is the pydantic class of one row. All methods raise InvalidInstances.
    """

    def __init__(self, signature: Signature) -> None:
        self.features = {feature.name: feature for feature in signature.features}
        self.model = _model(signature.features, "forbid")
        warned = [f.model_copy(update={"outside": "refuse"}) for f in signature.features]
        usual = _model([f for f in warned if self.features[f.name].outside == "warn"], "ignore")
        self._usual, self._all_usual = TypeAdapter(usual), TypeAdapter(list[usual])  # type: ignore[valid-type]
        self._rows = TypeAdapter(list[self.model])  # type: ignore[name-defined]

    def from_json(self, rows: list[Any]) -> tuple[list[Row], list[Fault]]:
        """Check rows of a JSON body. Types are strict ("3" is no number), but 3.0 is whole."""
        checked = self._check(self._rows.validate_python, rows, "instances")
        values = [self._values(model) for model in checked]
        return values, self._warnings(self._all_usual, values, "instances")

    def from_values(self, row: Row) -> tuple[Row, list[Fault]]:
        """Check one typed row of a table; NaN is a gap, other columns are let be."""
        known = {name: row[name] for name in self.features.keys() & row.keys()}
        gaps = {name for name, v in known.items() if isinstance(v, float) and isnan(v)}
        return self._one(self.model.model_validate, known | dict.fromkeys(gaps))

    def from_text(self, row: Mapping[str, str]) -> tuple[Row, list[Fault]]:
        """Check one row of a form or CSV file; blank is a gap, other keys are let be."""
        known = {k: text for k, text in row.items() if k in self.features and text.strip()}
        return self._one(self.model.model_validate_strings, known)

    def _one(self, validate: Callable[..., BaseModel], row: Row) -> tuple[Row, list[Fault]]:
        values = self._values(self._check(validate, row))
        return values, self._warnings(self._usual, values)

    def _values(self, model: BaseModel) -> Row:
        return dict(zip(self.features, vars(model).values(), strict=True))

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
            known = f"this model takes: {listed(self.features)}"
            return Fault(loc, f"{reprlib.repr(loc[-1])} is not a feature; {known}.", kind)
        if feature is None:
            return Fault(loc, f"An instance must be an object of features: {error['msg']}.", kind)
        if value is None or kind == "missing":
            return Fault(loc, f"{feature.label} is missing.", "missing")
        # Pydantic begins with "Input" or "String", and may end with how it tried.
        says = message(error).partition(" ")[2].partition(", unable")[0]
        return Fault(loc, f"{feature.label} {says} (it was {reprlib.repr(value)}).", kind)


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


def _model(features: list[Feature], extra: Any) -> type[BaseModel]:
    config = ConfigDict(extra=extra, strict=True, title="Instance")
    fields: Any = {f"f{i}": _field(feature) for i, feature in enumerate(features)}
    model: type[BaseModel] = create("Instance", __config__=config, **fields)
    return model


def _field(feature: Feature) -> Any:
    refuse = feature.outside == "refuse"
    most = INTEGER_MAX if feature.type == "integer" else FLOAT32_MAX
    low = max(feature.min, -most) if refuse and feature.min is not None else -most
    high = min(feature.max, most) if refuse and feature.max is not None else most
    number = Annotated[float, Field(ge=low, le=high, allow_inf_nan=False)]
    text = Annotated[str, Field(pattern=NO_NUL)]
    kind: Any = {
        "number": number,
        "integer": Annotated[number, AfterValidator(_whole)],
        "boolean": bool,
        "text": text,
        "category": Literal[tuple(feature.categories or [])] if refuse else text,
    }[feature.type]
    about = Field(
        default=None if feature.missing else ...,
        alias=feature.name,
        title=feature.label,
        description=f"In {feature.unit}." if feature.unit else None,
        examples=[feature.example],
        json_schema_extra={"type": "integer"} if feature.type == "integer" else None,
    )
    return Optional[kind] if feature.missing else kind, about  # noqa: UP045 - kind is a value


def _whole(value: float) -> int:
    if not value.is_integer():
        raise PydanticCustomError("int_from_float", "Input should be a whole number")
    return int(value)

"""What a model takes and gives; form, API, OpenAPI and batch columns all derive from it."""

import hashlib
import json
import re
import reprlib
from datetime import date, time
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from .frames import Column, column_of, level_text
from .tables.reading import Reading

FLOAT32_MAX = 3.4028234663852886e38  # models compute in 32 bits
INTEGER_MAX = 2**53  # beyond it JSON and databases disagree on whole numbers
LONGEST_LABEL = 255  # characters
MOST_CATEGORIES = 50  # text with more distinct values is free text
FIRST_DAY, LAST_DAY = date(1678, 1, 1), date(2261, 12, 31)  # what 64 bits of nanoseconds hold
KINDS = {"floating": "number", "integer": "integer", "boolean": "boolean", "string": "category"}
KINDS |= {"date": "date"}
FeatureType = Literal["number", "integer", "boolean", "category", "text", "date"]
Task = Literal["regression", "classification", "anomaly", "clustering"]
Class = bool | int | str


class SignatureError(ValueError):
    """The training data cannot be described; the message names the column and the mend."""


def parse_day(text: str) -> date:
    """The day that a text YYYY-MM-DD means. Raises ValueError."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        raise ValueError("a date is written as YYYY-MM-DD")
    return date.fromisoformat(text)


Day = Annotated[str, AfterValidator(lambda text: parse_day(text).isoformat())]


class Part(BaseModel):
    """What features and outputs share; misspelt keys in a file edited by hand are refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    name: Annotated[str, Field(min_length=1)]
    unit: str | None = None
    description: str | None = None

    @property
    def label(self) -> str:
        """How people are shown it: the description, else the name."""
        text = self.description or self.name.replace("_", " ")
        return text[:1].upper() + text[1:]


class Feature(Part):
    """One input column; `min`, `max` and `categories` are what training saw.

    `outside` refuses other values or warns of them; `missing` allows null. Dates are texts.
    """

    type: FeatureType
    min: int | float | Day | None = None
    max: int | float | Day | None = None
    categories: list[str] | None = None
    missing: bool = False
    outside: Literal["refuse", "warn"] = "warn"
    example: bool | int | float | str | None = None

    @model_validator(mode="after")
    def _bounds_are_of_its_type(self) -> Self:
        bounds = [bound for bound in (self.min, self.max) if bound is not None]
        if any(isinstance(bound, str) != (self.type == "date") for bound in bounds):
            raise ValueError("min and max are YYYY-MM-DD for a date, and else numbers")
        return self


class Target(Part):
    """A number that is predicted, seen from `min` to `max`, or one of `classes`.

    `names` are what people are shown of classes, by label.
    """

    min: int | float | None = None
    max: int | float | None = None
    classes: list[Class] | None = None
    names: dict[str, str] | None = None

    def shown(self, value: Any) -> str:
        """A class as people are shown it."""
        label = class_label(value)
        name = (self.names or {}).get(label)
        return f"{name} ({label})" if name else label

    @property
    def choices(self) -> list[tuple[str, str]]:
        """Each class, by its label, as people are shown it."""
        return [(class_label(value), self.shown(value)) for value in self.classes or []]


class Output(Target):
    """What is predicted: a number, one of `classes`, or one of these for each of `targets`.

    An anomaly (-1) has a score below `threshold`, where it has one.
    """

    threshold: float | None = None
    probabilities: bool = False
    targets: Annotated[list[Target], Field(min_length=2)] | None = None

    @property
    def parts(self) -> list[Target]:
        """What is answered: several targets, or itself."""
        return [*(self.targets or [self])]

    @property
    def of_classes(self) -> bool:
        """Whether answers are right or wrong, and not near or far."""
        return any(part.classes for part in self.parts)

    def filed_as(self, value: Any) -> str | None:
        """By which text the log finds a class, or those of all targets; none of numbers."""
        if not (self.classes or self.of_classes):
            return None
        if not isinstance(value, dict):
            return class_label(value)
        # Some databases give the targets back in another order.
        names = [part.name for part in self.parts if part.name in value]
        return ", ".join(f"{name} {class_label(value[name])}" for name in names)[:LONGEST_LABEL]


class Signature(BaseModel):
    """A model's name and task, its features in the order it takes them, and its output.

    `reading` is how texts of a table are read. `trained` has the columns of the training frame
    whose dtype the type of the feature leaves open.
    """

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    task: Task
    features: Annotated[list[Feature], Field(min_length=1)]
    output: Output
    reading: Reading = Reading()
    trained: dict[str, Column] = {}

    @model_serializer(mode="wrap")
    def _without_what_is_usual(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = write(self)
        if self.reading == Reading():
            content.pop("reading", None)
        if not self.trained:
            content.pop("trained", None)
        return content

    @property
    def example(self) -> dict[str, Any]:
        """One valid row, as the API takes it."""
        return {feature.name: feature.example for feature in self.features}

    def contract(self) -> bytes:
        """What the model depends on, as canonical JSON; the rest may be edited by hand."""
        takes = [[f.name, f.type, f.missing, sorted(f.categories or [])] for f in self.features]
        gives: list[Any] = [self.output.classes, self.output.probabilities]
        if targets := self.output.targets:
            gives += [[t.name if t.classes is None else [t.name, t.classes] for t in targets]]
        gives += [] if self.output.threshold is None else [self.output.threshold]
        was = {name: column.model_dump() for name, column in self.trained.items()}
        whole = [self.task, takes, gives, *([was] if was else [])]
        return json.dumps(whole, separators=(",", ":")).encode()

    def digest(self, model: bytes) -> str:
        """The version of `model`: 12 hexadecimal digits of its bytes and the contract."""
        return hashlib.sha256(model + self.contract()).hexdigest()[:12]

    @classmethod
    def infer(
        cls,
        X: Any,
        y: Any,
        *,
        name: str,
        task: Task | None = None,
        features: dict[str, dict[str, Any]] | None = None,
        output: dict[str, Any] | None = None,
    ) -> "Signature":
        """Describe a pandas frame `X` (rows, features) and a target `y` (rows,), if it has one.

        Several numbers or classes are a frame `y` (rows, targets). `features` and `output` overrule
        what the data says and add what it cannot tell (units, descriptions), also by target:
        `output={"targets": {"rent": {"unit": "€"}}}`. Without `task`, a target of numbers is a
        regression. Raises SignatureError.
        """
        import numpy as np
        import pandas as pd

        names = list(getattr(X, "columns", ()))
        unknown = [column for column in features or {} if column not in names]
        if not names or not all(isinstance(column, str) for column in names):
            raise SignatureError("X must be a pandas DataFrame whose columns have text as names.")
        if unknown or len(set(names)) < len(names):
            twice = [column for column in names if names.count(column) > 1]
            raise SignatureError(f"X must have the column {(unknown + twice)[0]!r} exactly once.")
        if isinstance(y, pd.DataFrame) and y.shape[1] == 1:
            y = y.iloc[:, 0]
        several = isinstance(y, pd.DataFrame)
        if not len(X):
            raise SignatureError("X has no rows.")
        shaped = several or getattr(y, "ndim", 1) == 1
        if y is not None and (not shaped or len(X) != len(y) or np.any(pd.isna(y))):
            raise SignatureError("y must be one column without gaps, a value for each row of X.")
        given = dict(output or {})
        gives: dict[str, Any] = {"name": "prediction"}
        if several:
            task, gives = _several(y, task, given.pop("targets", {}))
        elif y is not None or task is None:
            task, gives = _one(pd.Series(y), task)
        whole = X.dropna()
        shown, told = whole if len(whole) else X, features or {}
        try:
            found = [_feature(X[c], shown[c].iloc[0], told.get(c, {})) for c in names]
            was = {f.name: column_of(X[f.name], f) for f in found}
            signature = cls(
                name=name,
                task=task,
                features=found,
                output=Output(**gives | given),
                trained={name: column for name, column in was.items() if column},
            )
        except ValidationError as error:
            raise SignatureError(f"The model cannot be described: {brief(error)}") from None
        _check_storable(signature)
        return signature


def brief(error: Exception) -> str:
    """The first fault of an error, in one line."""
    if isinstance(error, ValidationError):
        fault = error.errors(include_url=False)[0]
        return f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}."
    return str(error).strip().partition("\n")[0][:300] or type(error).__name__


def shares_of(probabilities: dict[str, Any] | None) -> list[tuple[str, str, float]]:
    """The target ("" if there is one only), the label and the share of each probability."""
    found = []
    for name, share in (probabilities or {}).items():
        several = share if isinstance(share, dict) else {name: share}
        found += [("" if several is not share else name, *pair) for pair in several.items()]
    return found


def class_label(value: Any) -> str:
    """A class or number as text; true and false as JSON writes them."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _one(y: Any, task: Task | None) -> tuple[Task, dict[str, Any]]:
    """The task, unless it is known, and the output of a column `y`."""
    numeric = kind_of(y) in ("floating", "integer")
    task = task or ("regression" if numeric else "classification")
    gives: dict[str, Any] = {"name": str(y.name or "prediction")}
    if task == "classification":
        classes = [_plain(value) for value in sorted(y.unique())]
        gives["classes"] = [int(c) if isinstance(c, float) else c for c in classes]
        if gives["classes"] != classes:
            raise SignatureError("y holds fractions; classes must be text or whole numbers.")
        if len(classes) == 1:
            raise SignatureError("y holds one class only; there is nothing to tell apart.")
    elif numeric:
        gives |= {"min": _plain(y.min()), "max": _plain(y.max())}
    return task, gives


def _several(y: Any, task: Task | None, about: dict[str, Any]) -> tuple[Task, dict[str, Any]]:
    """The task, unless it is known, and the output with a target for each column of a frame `y`."""
    names = list(y.columns)
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise SignatureError("The columns of y must have texts as names, each another one.")
    if "error" in names:
        raise SignatureError("Rename the target 'error': prediction_error is a column of faults.")
    if unknown := [name for name in about if name not in names]:
        raise SignatureError(f"y must have the column {unknown[0]!r}, which `output` names.")
    numeric = {kind_of(y[name]) in ("floating", "integer") for name in names}
    if len(numeric) > 1 and task != "classification":
        raise SignatureError("y holds numbers and classes; train a model a column of y.")
    task = task or ("regression" if numeric == {True} else "classification")
    if task == "regression" and numeric == {False}:
        raise SignatureError("y holds no numbers, which a regression answers; name its columns.")
    read = {
        name: {"name": name} if "classes" in about.get(name, {}) else _one(y[name], task)[1]
        for name in names
    }
    targets = [read[name] | about.get(name, {}) for name in names]
    return task, {"name": "prediction", "targets": targets}


def _check_storable(signature: Signature) -> None:
    """Raise SignatureError for names that not every database can keep."""
    classes = [value for part in signature.output.parts for value in part.classes or []]
    labels = [class_label(value) for value in classes]
    names = [name for f in signature.features for name in (f.name, *(f.categories or []))]
    names += [target.name for target in signature.output.targets or []]
    for name in names + labels:
        if "\0" in name:
            raise SignatureError(f"The name {name!r} holds a NUL character; remove it.")
        if any("\ud800" <= sign <= "\udfff" for sign in name):
            raise SignatureError(f"The name {name!r} holds half of a character; mend it.")
        if name == "$ref":
            raise SignatureError("The name '$ref' means a reference to MongoDB; choose another.")
    for value, label in zip(classes, labels, strict=True):
        if len(label) > LONGEST_LABEL:
            most = f"more than {LONGEST_LABEL} characters"
            raise SignatureError(f"The class {reprlib.repr(label)} has {most}; shorten it.")
        if isinstance(value, int) and abs(value) > INTEGER_MAX:
            raise SignatureError(f"The class {value} is beyond 2**53; make the classes text.")


def _feature(column: Any, example: Any, given: dict[str, Any]) -> Feature:
    kind, values, name = kind_of(column), column.dropna(), column.name
    coded = column.dtype == "category"
    unseen = kind == "empty" and given.get("type") not in (None, "date")  # it is told what it is
    if (kind not in KINDS and not unseen) or (coded and kind == "date"):
        raise SignatureError(
            f"Column {name!r} holds {kind} values; drop it, or make them plain numbers, true/false "
            "or text, or of moments whole days without a zone (`.dt.normalize()`)."
        )
    if coded:
        values = values.astype(values.cat.categories.dtype)
    read: dict[str, Any] = {"type": KINDS.get(kind), "missing": len(values) < len(column)}
    if kind == "string" and not coded and values.nunique() > min(MOST_CATEGORIES, len(values) // 2):
        read["type"] = "text"
    read |= given
    if read["type"] in ("number", "integer"):
        if kind == "string" or not (values.abs() <= FLOAT32_MAX).all():
            raise SignatureError(f"Column {name!r} holds infinite values or text; clean it.")
        if read["type"] == "integer" and not (values.abs() <= INTEGER_MAX).all():
            mend = "drop it, or make it text"
            raise SignatureError(f"Column {name!r} holds whole numbers beyond 2**53; {mend}.")
        read = {"min": _plain(values.min()), "max": _plain(values.max())} | read
    elif read["type"] == "date":
        if kind != "date":
            raise SignatureError(f"Column {name!r} holds no dates; use `pandas.to_datetime`.")
        low, high = _plain(values.min()), _plain(values.max())
        if low < str(FIRST_DAY) or high > str(LAST_DAY):
            raise SignatureError(f"Column {name!r} holds dates outside 1678 to 2261; mend them.")
        read = {"min": low, "max": high} | read
    elif read["type"] == "category":
        read = {"categories": sorted(map(str, values.unique())), "outside": "refuse"} | read
        example = level_text(example) if example in set(values) else None
    return Feature(**{"name": name, "example": _plain(example)} | read)


def kind_of(column: Any) -> str:
    """What a pandas column holds: a key of KINDS, or else what pandas calls it."""
    from pandas import StringDtype
    from pandas.api.types import infer_dtype

    if isinstance(column.dtype, StringDtype):
        return "string" if column.notna().any() else "empty"
    values = column.dropna().astype(object)
    kind = str(infer_dtype(values))
    days = kind == "datetime" and all(v.tzinfo is None and v.time() == time() for v in values)
    return "date" if days else kind


def _plain(value: Any) -> Any:
    """A scalar as JSON has it: the 32-bit 0.1 as 0.1, a date as text, and a gap as None."""
    from pandas import isna

    if isinstance(value, date) and not isna(value):
        return f"{value:%Y-%m-%d}"
    value = float(str(value)) if type(value).__name__ == "float32" else value
    return None if isna(value) else value.item() if hasattr(value, "item") else value

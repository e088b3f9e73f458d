"""What a model takes and gives; form, API, OpenAPI and batch columns all derive from it."""

import hashlib
import json
import reprlib
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

FLOAT32_MAX = 3.4028234663852886e38  # models compute in 32 bits
INTEGER_MAX = 2**53  # beyond it JSON and databases disagree on whole numbers
LONGEST_LABEL = 255  # characters
MOST_CATEGORIES = 50  # text with more distinct values is free text
KINDS = {"floating": "number", "integer": "integer", "boolean": "boolean", "string": "category"}
FeatureType = Literal["number", "integer", "boolean", "category", "text"]
Task = Literal["regression", "classification"]
Class = bool | int | str


class SignatureError(ValueError):
    """The training data cannot be described; the message names the column and the mend."""


class Part(BaseModel):
    """What features and outputs share; misspelt keys in a file edited by hand are refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    name: Annotated[str, Field(min_length=1)]
    unit: str | None = None
    description: str | None = None
    min: int | float | None = None
    max: int | float | None = None

    @property
    def label(self) -> str:
        """How people are shown it: the description, else the name."""
        text = self.description or self.name.replace("_", " ")
        return text[:1].upper() + text[1:]


class Feature(Part):
    """One input column; `min`, `max` and `categories` are what training saw.

    `outside` refuses other values or warns of them; `missing` allows null.
    """

    type: FeatureType
    categories: list[str] | None = None
    missing: bool = False
    outside: Literal["refuse", "warn"] = "warn"
    example: bool | int | float | str | None = None


class Output(Part):
    """What is predicted: a number (seen from `min` to `max`) or one of `classes`."""

    classes: list[Class] | None = None
    probabilities: bool = False


class Signature(BaseModel):
    """A model's name and task, its features in the order it takes them, and its output."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    task: Task
    features: Annotated[list[Feature], Field(min_length=1)]
    output: Output

    @property
    def example(self) -> dict[str, Any]:
        """One valid row, as the API takes it."""
        return {feature.name: feature.example for feature in self.features}

    def contract(self) -> bytes:
        """What the model depends on, as canonical JSON; the rest may be edited by hand."""
        takes = [[f.name, f.type, f.missing, sorted(f.categories or [])] for f in self.features]
        gives = [self.output.classes, self.output.probabilities]
        return json.dumps([self.task, takes, gives], separators=(",", ":")).encode()

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
        """Describe a pandas frame `X` (rows, features) and a target `y` (rows,).

        `features` and `output` overrule what the data says and add what it cannot tell (units,
        descriptions). Without `task`, a target of numbers is a regression. Raises SignatureError.
        """
        import pandas as pd

        names = list(getattr(X, "columns", ()))
        unknown = [column for column in features or {} if column not in names]
        if not names or not all(isinstance(column, str) for column in names):
            raise SignatureError("X must be a pandas DataFrame whose columns have text as names.")
        if unknown or len(set(names)) < len(names):
            twice = [column for column in names if names.count(column) > 1]
            raise SignatureError(f"X must have the column {(unknown + twice)[0]!r} exactly once.")
        if not len(X) or len(X) != len(y) or getattr(y, "ndim", 1) != 1 or pd.isna(y).any():
            raise SignatureError("y must be one column without gaps, a value for each row of X.")
        target = pd.Series(y)
        numeric = _kind(target) in ("floating", "integer")
        task = task or ("regression" if numeric else "classification")
        gives: dict[str, Any] = {"name": str(target.name or "prediction")}
        if task == "classification":
            classes = [_plain(value) for value in sorted(target.unique())]
            gives["classes"] = [int(c) if isinstance(c, float) else c for c in classes]
            if gives["classes"] != classes:
                raise SignatureError("y holds fractions; classes must be text or whole numbers.")
            if len(classes) == 1:
                raise SignatureError("y holds one class only; there is nothing to tell apart.")
        elif numeric:
            gives |= {"min": _plain(target.min()), "max": _plain(target.max())}
        whole = X.dropna()
        example = (whole if len(whole) else X).iloc[0]
        try:
            signature = cls(
                name=name,
                task=task,
                features=[_feature(X[c], example[c], (features or {}).get(c, {})) for c in names],
                output=Output(**gives | (output or {})),
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


def class_label(value: Class | float) -> str:
    """A class or number as text; true and false as JSON writes them."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _check_storable(signature: Signature) -> None:
    """Raise SignatureError for names that not every database can keep."""
    classes = signature.output.classes or []
    labels = [class_label(value) for value in classes]
    names = [name for f in signature.features for name in (f.name, *(f.categories or []))]
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
    kind, values, name = _kind(column), column.dropna(), column.name
    coded = column.dtype == "category"
    if kind not in KINDS or (coded and kind != "string"):
        raise SignatureError(
            f"Column {name!r} holds {kind} values; drop it, or make them plain numbers (of a date, "
            "the year or the days since an event), true/false or text."
        )
    read: dict[str, Any] = {"type": KINDS[kind], "missing": len(values) < len(column)}
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
    elif read["type"] == "category":
        read = {"categories": sorted(map(str, values.unique())), "outside": "refuse"} | read
    return Feature(**{"name": name, "example": _plain(example)} | read)


def _kind(column: Any) -> str:
    from pandas.api.types import infer_dtype

    return str(infer_dtype(column.dropna().astype(object)))


def _plain(value: Any) -> Any:
    """A scalar as Python has it: the 32-bit 0.1 as 0.1, and a gap as None."""
    from pandas import isna

    value = float(str(value)) if type(value).__name__ == "float32" else value
    return None if isna(value) else value.item() if hasattr(value, "item") else value

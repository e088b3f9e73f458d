"""What is read off the training data, and what is refused."""

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from modeldesk.ml.signature import Signature, SignatureError

ROWS = 12
HALF = {"type": "category", "categories": ["\ud800", "a"]}


def infer(column: Any, y: Any = None, **given: Any) -> Signature:
    frame = pd.DataFrame({"x": column})
    y = np.arange(len(frame)) * 1.0 if y is None else y
    return Signature.infer(frame, y, name="test", **given)


@pytest.mark.parametrize(
    ("column", "kind", "missing"),
    [
        (np.linspace(0, 1, ROWS), "number", False),
        ([1.5, None] * 6, "number", True),
        (np.arange(ROWS), "integer", False),
        (pd.array([1, None] * 6, dtype="Int64"), "integer", True),
        ([True, False] * 6, "boolean", False),
        ([True, None] * 6, "boolean", True),
        (["gas", "oil"] * 6, "category", False),
        (["gas", None] * 6, "category", True),
        (pd.Categorical([f"kind {i}" for i in range(ROWS)]), "category", False),
        ([f"a sentence, the {i}th" for i in range(ROWS)], "text", False),
    ],
)
def test_types_and_gaps(column: Any, kind: str, missing: bool) -> None:
    feature = infer(column).features[0]
    assert (feature.type, feature.missing) == (kind, missing)
    assert feature.outside == ("refuse" if kind == "category" else "warn")


def test_ranges_categories_and_examples() -> None:
    X = pd.DataFrame({"n": [None, 3.5, 1.5, 2.0], "c": ["b", "a", "b", "a"], "i": [4, 5, 6, 7]})
    number, category, integer = Signature.infer(X, [1.0, 2, 3, 4], name="test").features
    assert (number.min, number.max, number.example) == (1.5, 3.5, 3.5)
    assert (category.categories, category.example) == (["a", "b"], "a")
    assert (integer.min, integer.max, integer.example) == (4, 7, 5)
    assert type(integer.example) is int


def test_32_bit_numbers_are_written_as_typed() -> None:
    feature = infer(np.array([0.1, 0.2, 0.3], "float32")).features[0]
    assert (feature.min, feature.max, feature.example) == (0.1, 0.3, 0.1)


@pytest.mark.parametrize(
    ("y", "task", "classes"),
    [
        ([1.5, 2.5, 3.5, 4.5], "regression", None),
        ([1, 2, 3, 4], "regression", None),
        (["b", "a", "b", "a"], "classification", ["a", "b"]),
        ([True, False, True, False], "classification", [False, True]),
    ],
)
def test_tasks(y: Any, task: str, classes: Any) -> None:
    signature = infer([1.0, 2, 3, 4], y)
    assert (signature.task, signature.output.classes) == (task, classes)


def test_whole_numbers_as_classes() -> None:
    signature = infer([1.0, 2, 3, 4], np.array([2, 0, 1, 2]), task="classification")
    assert signature.output.classes == [0, 1, 2]


@pytest.mark.parametrize(
    ("column", "word"),
    [
        ([datetime.datetime(2024, 1, 1, 9)] * 3, "date"),
        ([datetime.time(9)] * 3, "time"),
        ([1 + 2j] * 3, "complex"),
        ([[1], [2], [3]], "mixed"),
        ([1, "a", 2], "mixed"),
        ([None, None, None], "empty"),
        (pd.Categorical([datetime.date(2024, 1, 1)] * 3), "date"),
        ([1.0, np.inf, 2], "infinite"),
        ([1.0, 1e300, 2], "infinite"),
        ([1, 2**53 + 1, 2], r"beyond 2\*\*53"),
    ],
)
def test_columns_that_cannot_be_served(column: Any, word: str) -> None:
    with pytest.raises(SignatureError, match=rf"'x' holds .*{word}"):
        infer(column)


@pytest.mark.parametrize(
    "name", ["area [m²]", "has space", "âge", "<b>&amp;", "a.b", "class", "f0", "$id"]
)
def test_any_column_name(name: str) -> None:
    signature = Signature.infer(pd.DataFrame({name: [1.0, 2.0]}), [1.0, 2.0], name="test")
    assert Signature.model_validate_json(signature.model_dump_json()) == signature
    assert list(signature.example) == [name]


def test_frames_that_are_refused() -> None:
    twice = pd.DataFrame([[1.0, 2.0]], columns=["a", "a"])
    for X, y, word in [
        (twice, [1.0], "'a' exactly once"),
        (pd.DataFrame({0: [1.0]}), [1.0], "text as names"),
        (np.ones((2, 2)), [1.0, 2.0], "pandas DataFrame"),
        (pd.DataFrame({"a": []}), [], "no rows"),
        (pd.DataFrame({"a": [1.0]}), [1.0, 2.0], "y must be"),
        (pd.DataFrame({"a": [1.0, 2.0]}), [1.0, None], "y must be"),
        (pd.DataFrame({"a": [1.0, 2.0]}), np.ones((2, 2)), "y must be"),
        (pd.DataFrame({"a": [1.0, 2.0]}), ["x", "x"], "one class only"),
    ]:
        with pytest.raises(SignatureError, match=word):
            Signature.infer(X, y, name="test")


@pytest.mark.parametrize(
    ("classes", "words"),
    [
        (["a", "b" * 256], "has more than 255 characters; shorten it"),
        (["a", "b\0"], r"'b\\x00' holds a NUL character; remove it"),
        ([1, 2**53 + 1], r"9007199254740993 is beyond 2\*\*53; make the classes text"),
        (["a", "$ref"], "means a reference to MongoDB"),
    ],
)
def test_classes_that_not_every_database_keeps(classes: list[Any], words: str) -> None:
    with pytest.raises(SignatureError, match=words):
        infer([1.0, 2.0], classes, task="classification")


def test_half_of_a_character() -> None:
    for given in ({"output": {"classes": ["a", "\ud800"]}}, {"features": {"x": HALF}}):
        with pytest.raises(SignatureError, match=r"'\\ud800' holds half of a character"):
            infer(["a", "b"] * 6, ["a", "b"] * 6, **given)


def test_the_longest_name_of_a_class() -> None:
    signature = infer([1.0, 2.0], ["a", "😀" * 255])
    assert signature.output.classes == ["a", "😀" * 255]


@pytest.mark.parametrize(("name", "words"), [("a\0b", "a NUL character"), ("$ref", "a reference")])
def test_columns_that_not_every_database_keeps(name: str, words: str) -> None:
    with pytest.raises(SignatureError, match=words):
        Signature.infer(pd.DataFrame({name: [1.0, 2.0]}), [1.0, 2.0], name="test")
    with pytest.raises(SignatureError, match=words):
        infer([name, "b"] * 6)


def test_what_is_given_overrules_what_is_read() -> None:
    given = {"x": {"unit": "m²", "description": "living area", "outside": "refuse", "max": 9}}
    signature = infer([1.0, 2, 3], features=given, output={"name": "rent", "unit": "€"})
    feature = signature.features[0]
    assert (feature.unit, feature.outside, feature.max, feature.min) == ("m²", "refuse", 9, 1.0)
    assert feature.label == "Living area"
    assert (signature.output.name, signature.output.unit) == ("rent", "€")
    with pytest.raises(SignatureError, match="'y' exactly once"):
        infer([1.0, 2, 3], features={"y": {"unit": "m"}})
    with pytest.raises(SignatureError, match="unti"):
        infer([1.0, 2, 3], features={"x": {"unti": "m"}})
    with pytest.raises(SignatureError, match="name"):
        Signature.infer(pd.DataFrame({"x": [1.0]}), [1.0], name="a/b")


def test_the_contract_holds_what_the_model_depends_on() -> None:
    signature = infer(["a", "b"] * 6)
    contract = signature.contract()
    feature = signature.features[0]
    feature.unit, feature.description, feature.outside = "m", "words", "warn"
    feature.categories = ["b", "a"]
    assert signature.contract() == contract
    feature.categories = ["a", "b", "c"]
    assert signature.contract() != contract


def test_the_example_of_a_whole_number_is_whole() -> None:
    X = pd.DataFrame({"area": [1.5, 2.5], "rooms": [3, 4]})
    signature = Signature.infer(X, [1.0, 2.0], name="flats")
    assert signature.example == {"area": 1.5, "rooms": 3}
    assert isinstance(signature.example["rooms"], int)

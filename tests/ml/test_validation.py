"""Rows of JSON, of forms and of tables: what is taken, and how each fault is named."""

import json
import sys
from typing import Any

import pytest
from modeldesk.ml.signature import (
    FLOAT32_MAX,
    Feature,
    Output,
    Signature,
)
from modeldesk.ml.validation import (
    Fault,
    InstanceValidator,
    InvalidInstances,
)

GOOD = {"age": 30.5, "rooms": 3, "garden": True, "heat [type]": "gas", "note": "quiet"}
FEATURES = [
    Feature(name="age", type="number", min=0, max=90, unit="years", example=30.5, missing=True),
    Feature(name="rooms", type="integer", min=1, max=8, outside="refuse", example=3),
    Feature(name="garden", type="boolean", example=True),
    Feature(
        name="heat [type]",
        type="category",
        categories=["gas", "oil"],
        outside="refuse",
        description="heating",
        example="gas",
    ),
    Feature(name="note", type="text", example="quiet"),
]
VALIDATOR = InstanceValidator(
    Signature(name="test", task="regression", features=FEATURES, output=Output(name="y"))
)


def faults(*rows: Any) -> list[Fault]:
    with pytest.raises(InvalidInstances) as caught:
        VALIDATOR.from_json(list(rows))
    for fault in caught.value.faults:
        json.dumps(fault.as_dict(), ensure_ascii=False).encode()
    return caught.value.faults


def test_good_rows() -> None:
    rows, warnings = VALIDATOR.from_json([GOOD, GOOD | {"age": None}, GOOD | {"rooms": 3.0}])
    assert rows == [GOOD, GOOD | {"age": None}, GOOD]
    assert type(rows[2]["rooms"]) is int
    assert warnings == []


def test_a_gap_may_be_left_out() -> None:
    row = {key: value for key, value in GOOD.items() if key != "age"}
    assert VALIDATOR.from_json([row])[0] == [GOOD | {"age": None}]


@pytest.mark.parametrize(
    ("feature", "value", "kind", "words"),
    [
        ("age", "3", "float_type", "Age should be a valid number (it was '3')."),
        ("age", True, "float_type", "Age should be a valid number (it was True)."),
        ("age", [1], "float_type", "(it was [1])."),
        (
            "age",
            float("nan"),
            "finite_number",
            "Age should be a finite number, or null for a gap (it was nan).",
        ),
        ("age", float("inf"), "finite_number", "Age should be a finite number (it was inf)."),
        ("age", -1e39, "greater_than_equal", "Age should be greater than or equal to"),
        ("age", 10**400, "float_type", "Age should be"),
        ("rooms", 3.5, "int_from_float", "Rooms should be a whole number (it was 3.5)."),
        ("rooms", None, "missing", "Rooms is missing."),
        ("rooms", 9, "less_than_equal", "Rooms should be less than or equal to 8 (it was 9)."),
        ("rooms", -(2**70), "greater_than_equal", "Rooms should be greater than or equal to 1"),
        ("garden", 1, "bool_type", "Garden should be a valid boolean (it was 1)."),
        ("garden", "true", "bool_type", "Garden should be a valid boolean (it was 'true')."),
        (
            "heat [type]",
            "coal",
            "literal_error",
            "Heating should be 'gas' or 'oil' (it was 'coal').",
        ),
        ("heat [type]", "\ud800", "string_unicode", "Heating should be a valid string"),
        ("note", 5, "string_type", "Note should be a valid string (it was 5)."),
        ("note", "a\0b", "string_pattern_mismatch", "Note should hold no NUL character (it was"),
        ("note", "\ud800", "string_unicode", "Note should be a valid string"),
    ],
)
def test_each_fault_is_named(feature: str, value: Any, kind: str, words: str) -> None:
    (fault,) = faults(GOOD | {feature: value})
    assert fault.loc == ("instances", 0, feature)
    assert fault.type == kind
    assert words in fault.msg


def test_no_number_is_beyond_what_every_database_keeps() -> None:
    whole = Feature(name="x", type="integer", min=-(2**62), max=2**64, outside="refuse", example=1)
    number = Feature(name="y", type="number", min=-1e300, max=1e300, outside="refuse", example=1.0)
    output = Output(name="z")
    signature = Signature(name="t", task="regression", features=[whole, number], output=output)
    validator = InstanceValidator(signature)
    edge = {"x": 2**53, "y": -FLOAT32_MAX}
    assert validator.from_json([edge])[0] == [edge]
    for inexact in ({"x": 2**53 + 1}, {"x": -(2**53) - 1}, {"y": 2**53 + 1}, {"y": 10**23}):
        for rows in ([edge | inexact], [edge, edge | inexact] * 10):
            with pytest.raises(InvalidInstances, match="64 bits hold exactly, such as") as caught:
                validator.from_json(rows)
            assert {fault.type for fault in caught.value.faults} == {"inexact"}
    assert validator.from_json([edge | {"y": 2**60}])[0] == [edge | {"y": 2**60}]
    for beyond in ({"x": 2**53 + 2}, {"x": -(2**53) - 2}, {"y": 1e39}, {"y": -1e39}):
        with pytest.raises(InvalidInstances) as caught:
            validator.from_json([edge | beyond])
        assert [fault.loc for fault in caught.value.faults] == [("instances", 0, *beyond)]


def test_every_fault_is_named_with_its_row() -> None:
    found = faults(GOOD, {"age": "x", "sexx": 1, "rooms": 0}, 7, GOOD | {"\ud800": 1})
    assert [(fault.loc[1:], fault.type) for fault in found] == [
        ((1, "age"), "float_type"),
        ((1, "rooms"), "greater_than_equal"),
        ((1, "garden"), "missing"),
        ((1, "heat [type]"), "missing"),
        ((1, "note"), "missing"),
        ((1, "sexx"), "extra_forbidden"),
        ((2,), "model_type"),
        ((3,), "string_unicode"),
    ]
    assert found[5].msg == (
        "'sexx' is not a feature; this model takes: age, rooms, garden, heat [type], note."
    )


def test_deep_and_long_values_make_short_messages() -> None:
    deep: list[Any] = []
    for _ in range(sys.getrecursionlimit() * 2):
        deep = [deep]
    values: list[Any] = [deep, "x" * 1_000_000, {"a": {}}]
    for value in values:
        (fault,) = faults(GOOD | {"age": value})
        assert len(fault.msg) < 120


def test_unusual_values_are_warned_of() -> None:
    rows, warnings = VALIDATOR.from_json([GOOD, GOOD | {"age": 200}])
    assert rows[1]["age"] == 200
    assert [warning.as_dict() for warning in warnings] == [
        {
            "loc": ["instances", 1, "age"],
            "msg": "Age should be less than or equal to 90 (it was 200.0).",
            "type": "less_than_equal",
        }
    ]


def test_text_of_a_form_or_file() -> None:
    text = {"age": " 30.5", "rooms": "3", "garden": "yes", "heat [type]": "gas", "note": "quiet"}
    assert VALIDATOR.from_text(text | {"csrf": "x"}) == (GOOD, [])
    assert VALIDATOR.from_text(text | {"age": " "})[0]["age"] is None
    for word in ("true", "True", "1", "on", "yes"):
        assert VALIDATOR.from_text(text | {"garden": word})[0]["garden"] is True
    for word in ("false", "0", "no"):
        assert VALIDATOR.from_text(text | {"garden": word})[0]["garden"] is False
    assert VALIDATOR.from_text(text | {"age": "91"})[1][0].loc == ("age",)


@pytest.mark.parametrize(
    ("feature", "text"),
    [
        ("age", "old"),
        ("age", "inf"),
        ("age", "1e400"),
        ("age", "1,5"),
        ("rooms", "3.5"),
        ("rooms", "9" * 5000),
        ("rooms", ""),
        ("garden", "maybe"),
        ("heat [type]", "Gas"),
        ("note", "a\0b"),
    ],
)
def test_faults_in_text(feature: str, text: str) -> None:
    row = {"age": "30", "rooms": "3", "garden": "no", "heat [type]": "gas", "note": "quiet"}
    with pytest.raises(InvalidInstances) as caught:
        VALIDATOR.from_text(row | {feature: text})
    assert [fault.loc for fault in caught.value.faults] == [(feature,)]


def test_typed_rows_of_a_table() -> None:
    assert VALIDATOR.from_values(GOOD | {"age": float("nan"), "id": 7}) == (
        GOOD | {"age": None},
        [],
    )
    with pytest.raises(InvalidInstances, match="Rooms is missing"):
        VALIDATOR.from_values(GOOD | {"rooms": None})


def test_the_schema_has_what_the_documents_need() -> None:
    schema = VALIDATOR.model.model_json_schema()
    assert list(schema["properties"]) == list(GOOD)
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["rooms", "garden", "heat [type]", "note"]
    assert schema["properties"]["rooms"]["type"] == "integer"
    assert schema["properties"]["rooms"]["maximum"] == 8
    assert schema["properties"]["heat [type]"]["enum"] == ["gas", "oil"]

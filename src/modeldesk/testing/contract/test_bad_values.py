"""Instances the model cannot take: every fault is named, with its place and its kind."""

import json
import math
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from .asking import Instance, Predict

WRONG: dict[str, list[tuple[Any, str]]] = {
    "number": [
        ("12", "float_type"),
        (True, "float_type"),
        ([1], "float_type"),
        ({"a": 1}, "float_type"),
        (math.nan, "finite_number"),
        (math.inf, "finite_number"),
        (-math.inf, "finite_number"),
        (1e300, "less_than_equal"),
        (-1e300, "greater_than_equal"),
    ],
    "boolean": [(1, "bool_type"), ("true", "bool_type"), ([], "bool_type")],
    "text": [(7, "string_type"), (True, "string_type"), (["a"], "string_type")],
}
WRONG["integer"] = [
    *WRONG["number"],
    (1.5, "int_from_float"),
    (2**60, "less_than_equal"),
    (-(2**60), "greater_than_equal"),
]
WRONG["category"] = WRONG["text"]
WRONG["date"] = [(text, "date") for text in ("2024-02-30", "2024-2-1", "20240201", "", 20240201)]


def send(client: httpx.Client, *instances: Any) -> httpx.Response:
    # Not json=, which refuses to write NaN.
    body = json.dumps({"instances": instances}).encode()
    headers = {"Content-Type": "application/json"}
    return client.post("/api/v1/predict", content=body, headers=headers)


def faults(response: httpx.Response) -> list[tuple[list[str | int], str]]:
    assert response.status_code == 422, response.text
    return [(fault["loc"], fault["type"]) for fault in response.json()["errors"]]


def test_every_wrong_value_is_named(
    client: httpx.Client, model: dict[str, Any], good: Instance
) -> None:
    rows: list[Instance] = []
    expected = []
    for feature in model["features"]:
        for value, kind in WRONG[feature["type"]]:
            chosen = feature["type"] == "category" and feature["outside"] == "refuse"
            place: list[str | int] = ["instances", len(rows), feature["name"]]
            expected.append((place, "literal_error" if chosen else kind))
            rows.append(good | {feature["name"]: value})
    assert faults(send(client, *rows)) == expected


def test_a_wrong_value_alone(client: httpx.Client, model: dict[str, Any], good: Instance) -> None:
    for feature in model["features"]:
        for value, _ in WRONG[feature["type"]]:
            ((place, _),) = faults(send(client, good | {feature["name"]: value}))
            assert place == ["instances", 0, feature["name"]]


def test_a_number_too_long_for_any_computer(
    client: httpx.Client, model: dict[str, Any], good: Instance
) -> None:
    for feature in model["features"]:
        if feature["type"] in ("number", "integer"):
            ((place, _),) = faults(send(client, good | {feature["name"]: 10**400}))
            assert place == ["instances", 0, feature["name"]]


def test_a_number_that_overflows(
    client: httpx.Client, model: dict[str, Any], good: Instance
) -> None:
    name = model["features"][0]["name"]
    body = json.dumps({"instances": [good | {name: "?"}]}).replace('"?"', "1e999")
    headers = {"Content-Type": "application/json"}
    response = client.post("/api/v1/predict", content=body.encode(), headers=headers)
    assert [place for place, _ in faults(response)] == [["instances", 0, name]]


def test_every_missing_feature_is_named(predict: Predict, model: dict[str, Any]) -> None:
    needed = [feature["name"] for feature in model["features"] if not feature["missing"]]
    if not needed:
        pytest.skip("no feature of this model is needed")
    expected = [(["instances", row, name], "missing") for row in range(2) for name in needed]
    assert faults(predict({}, {})) == expected


def test_every_unknown_feature_is_named(predict: Predict, good: Instance) -> None:
    unknown = {"no such": 1, "<b>é</b>": None, "": 0, "x" * 1000: 1}
    expected = [(["instances", 1, name], "extra_forbidden") for name in unknown]
    assert faults(predict(good, good | unknown)) == expected


def test_faults_of_all_kinds_together(predict: Predict, model: dict[str, Any]) -> None:
    needed = [feature["name"] for feature in model["features"] if not feature["missing"]]
    places = [place for place, _ in faults(predict({"no such": 1}, None, [1], "x", 5))]
    assert places[: len(needed)] == [["instances", 0, name] for name in needed]
    assert places[len(needed) :] == [
        ["instances", 0, "no such"],
        *(["instances", row] for row in range(1, 5)),
    ]


def outside(feature: dict[str, Any]) -> list[Any]:
    """Values of the right type that training did not see."""
    if feature["categories"]:
        return ["no such category", feature["categories"][0].swapcase() + " "]
    if feature["min"] is None or feature["max"] is None:
        return []
    if feature["type"] == "date":
        ends = [(feature["min"], -1), (feature["max"], 1)]
        return [str(date.fromisoformat(text) + timedelta(days)) for text, days in ends]
    step = 1 + abs(feature["max"])
    return [int(feature["min"] - step), int(feature["max"] + step)]


@pytest.mark.parametrize("policy", ["refuse", "warn"])
def test_values_that_training_did_not_see(
    predict: Predict, model: dict[str, Any], good: Instance, policy: str
) -> None:
    features = [f for f in model["features"] if f["outside"] == policy and outside(f)]
    if not features:
        pytest.skip(f"no feature of this model has the policy {policy} and a range")
    rows = [good | {f["name"]: value} for f in features for value in outside(f)]
    places = [["instances", 2 * i + j, f["name"]] for i, f in enumerate(features) for j in (0, 1)]
    response = predict(*rows)
    if policy == "refuse":
        assert [place for place, _ in faults(response)] == places
    else:
        assert response.status_code == 200
        assert [warning["loc"] for warning in response.json()["warnings"]] == places
        assert len(response.json()["predictions"]) == len(rows)


@pytest.mark.parametrize(("count", "kind"), [(0, "too_short"), (1001, "too_long")])
def test_the_number_of_instances(predict: Predict, good: Instance, count: int, kind: str) -> None:
    assert faults(predict(*[good] * count)) == [(["instances"], kind)]


def test_messages_are_for_people(predict: Predict, model: dict[str, Any], good: Instance) -> None:
    name = model["features"][0]["name"]
    for row in ({"no such": 1}, good | {name: []}, good | {"no such": 1}):
        for fault in predict(row).json()["errors"]:
            assert fault["msg"][0].isupper() or fault["msg"].startswith("'no such'")
            assert " is " in fault["msg"] or " should " in fault["msg"]

"""Predictions: what comes back for good instances, and that it is kept."""

import gzip
import json
import uuid
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from .asking import Instance, Predict, parts_of, same

JSON = {"Content-Type": "application/json"}


def variants(model: dict[str, Any], good: Instance) -> list[Instance]:
    """Instances that differ from the example in one feature each, within what training saw."""
    found = []
    for feature in model["features"]:
        seen = [feature["min"], feature["max"], *(feature["categories"] or [])]
        values = [True, False] if feature["type"] == "boolean" else seen
        found += [good | {feature["name"]: value} for value in values if value is not None]
    return found


def test_the_model_describes_itself(client: httpx.Client, model: dict[str, Any]) -> None:
    assert model["features"]
    assert len({feature["name"] for feature in model["features"]}) == len(model["features"])
    for part in parts_of(model):
        assert bool(part["classes"]) == (model["task"] != "regression")
    assert all(isinstance(score, float) for score in model["metrics"].values())
    assert client.get("/readyz").json()["model"] == {k: model[k] for k in ("name", "version")}


def test_one_instance(predict: Predict, model: dict[str, Any], good: Instance) -> None:
    response = predict(good)
    assert response.status_code == 200
    content = response.json()
    assert content["model"] == {"name": model["name"], "version": model["version"]}
    assert set(content) == {"predictions", "model"}
    (prediction,) = content["predictions"]
    assert uuid.UUID(prediction["id"]).version == 7
    for part in parts_of(model):
        several = model["output"]["targets"] is not None
        value = prediction["value"][part["name"]] if several else prediction["value"]
        assert value in (part["classes"] or [value])
        if shares := prediction.get("probabilities"):
            shares = shares[part["name"]] if several else shares
            assert len(shares) == len(part["classes"])
            assert sum(shares.values()) == pytest.approx(1, abs=1e-5)
    if (threshold := model["output"]["threshold"]) is not None:
        assert (prediction["score"] < threshold) == (prediction["value"] == -1)


@pytest.mark.parametrize(("packing", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_packed_body(
    client: httpx.Client, good: Instance, packing: str, pack: Callable[[bytes], bytes]
) -> None:
    body = pack(json.dumps({"instances": [good]}).encode())
    for content in (body, iter([body])):  # with its length, and in chunks
        headers = JSON | {"Content-Encoding": packing}
        response = client.post("/api/v1/predict", content=content, headers=headers)
        assert response.status_code == 200
        assert len(response.json()["predictions"]) == 1


def test_many_instances_keep_their_order(
    predict: Predict, model: dict[str, Any], good: Instance
) -> None:
    rows = variants(model, good)
    together = predict(*rows).json()["predictions"]
    alone = [predict(row).json()["predictions"][0] for row in rows]
    for row, other in zip(together, alone, strict=True):
        assert same(row["value"], other["value"])
    ids = [prediction["id"] for prediction in together]
    assert ids == sorted(set(ids))


def test_keys_may_come_in_any_order(predict: Predict, good: Instance) -> None:
    turned = dict(reversed(good.items()))
    first, second = predict(good, turned).json()["predictions"]
    assert first["value"] == second["value"]


def test_gaps_where_the_model_allows_them(
    predict: Predict, model: dict[str, Any], good: Instance
) -> None:
    for feature in model["features"]:
        absent = {name: value for name, value in good.items() if name != feature["name"]}
        null = good | {feature["name"]: None}
        expected = 200 if feature["missing"] else 422
        assert predict(absent).status_code == expected
        assert predict(null).status_code == expected


def test_whole_numbers_may_be_written_as_fractions(
    predict: Predict, model: dict[str, Any], good: Instance
) -> None:
    whole = {f["name"]: float(f["example"]) for f in model["features"] if f["type"] == "integer"}
    numbers = {f["name"]: f["min"] for f in model["features"] if f["type"] == "number"}
    response = predict(good | whole | {name: int(low) + 1 for name, low in numbers.items()})
    assert response.status_code == 200


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON"])
def test_ways_to_name_json(predict: Predict, good: Instance, kind: str) -> None:
    assert predict(good, headers={"Content-Type": kind}).status_code == 200


def test_a_chunked_body(client: httpx.Client, good: Instance) -> None:
    body = json.dumps({"instances": [good]}).encode()
    pieces = (body[i : i + 10] for i in range(0, len(body), 10))
    assert client.post("/api/v1/predict", content=pieces, headers=JSON).status_code == 200


def test_as_many_instances_as_allowed(predict: Predict, good: Instance) -> None:
    assert len(predict(*[good] * 1000).json()["predictions"]) == 1000


def test_what_is_acknowledged_is_in_the_log(
    client: httpx.Client, predict: Predict, model: dict[str, Any], good: Instance
) -> None:
    rows = variants(model, good)
    headers = {"X-Request-ID": uuid.uuid4().hex}
    for row, given in zip(rows, predict(*rows, headers=headers).json()["predictions"], strict=True):
        kept = client.get(f"/api/v1/predictions/{given['id']}").json()
        assert kept["inputs"] == row
        assert {name: kept[name] for name in given} == given
        assert kept["request_id"] == headers["X-Request-ID"]
        assert kept["model_version"] == model["version"]
        assert kept["feedback"] is None


def test_a_refused_instance_leaves_nothing_in_the_log(
    client: httpx.Client, predict: Predict, good: Instance
) -> None:
    headers = {"X-Request-ID": uuid.uuid4().hex}
    assert predict(good, good | {"no such": 1}, good, headers=headers).status_code == 422
    newest = client.get("/api/v1/predictions?limit=50").json()["predictions"]
    assert headers["X-Request-ID"] not in {entry["request_id"] for entry in newest}


def test_many_callers_at_once(client: httpx.Client, predict: Predict, good: Instance) -> None:
    def caller(_: int) -> list[str]:
        answers = [predict(good) for _ in range(25)]
        assert all(answer.status_code == 200 for answer in answers)
        return [answer.json()["predictions"][0]["id"] for answer in answers]

    with ThreadPoolExecutor(8) as pool:
        acknowledged = {identifier for ids in pool.map(caller, range(8)) for identifier in ids}
    assert len(acknowledged) == 200
    kept: set[str] = set()
    address = "/api/v1/predictions?limit=200"
    while address and not acknowledged <= kept:
        page = client.get(address).json()
        kept |= {entry["id"] for entry in page["predictions"]}
        address = page["next"]
    assert acknowledged <= kept

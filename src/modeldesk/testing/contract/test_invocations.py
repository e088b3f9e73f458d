"""Protocols of others: `/v1` of KServe and Vertex AI, `/invocations` of MLflow and SageMaker."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from .asking import Instance, Predict, same

CSV = {"Content-Type": "text/csv"}
JSON = {"Content-Type": "application/json"}
INVOCATIONS = "/invocations"


@pytest.fixture
def v1(model: dict[str, Any]) -> str:
    return f"/v1/models/{model['name']}:predict"


def bare(prediction: dict[str, Any]) -> Any:
    """A prediction of the API as these protocols have it."""
    value = prediction["value"]
    return list(value.values()) if isinstance(value, dict) else value


def alike(values: list[Any], others: list[Any]) -> bool:
    pairs = zip(values, others, strict=True)
    return all(alike(a, b) if isinstance(a, list) else same(a, b) for a, b in pairs)


def as_text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def written(*rows: list[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([as_text(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


FORMS: dict[str, Callable[[list[Instance]], Any]] = {
    "instances": lambda rows: {"instances": rows},
    "instances as lists": lambda rows: {"instances": [[*row.values()] for row in rows]},
    "inputs": lambda rows: {"inputs": [[*row.values()] for row in rows]},
    "inputs as objects": lambda rows: {"inputs": rows},
    "inputs as columns": lambda rows: {"inputs": {k: [r[k] for r in rows] for k in rows[0]}},
    "dataframe_records": lambda rows: {"dataframe_records": rows},
    "dataframe_split": lambda rows: {
        "dataframe_split": {
            "index": [*range(len(rows))],
            "columns": [*reversed(rows[0])],
            "data": [[*reversed(row.values())] for row in rows],
        },
        "params": None,
    },
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_what_the_api_gives(
    client: httpx.Client, predict: Predict, good: Instance, form: str
) -> None:
    response = client.post(INVOCATIONS, json=FORMS[form]([good] * 3))
    assert response.status_code == 200
    content = response.json()
    assert set(content) == {"predictions", "ids"}
    assert alike(content["predictions"], [bare(predict(good).json()["predictions"][0])] * 3)
    for identifier in content["ids"]:
        assert client.get(f"/api/v1/predictions/{identifier}").json()["inputs"] == good


@pytest.mark.parametrize("headers", [JSON, {}, {"Content-Type": "application/json; charset=utf-8"}])
def test_v1(
    client: httpx.Client, predict: Predict, good: Instance, v1: str, headers: dict[str, str]
) -> None:
    body = {"instances": [good, [*good.values()]], "parameters": {}}
    response = client.post(v1, content=json.dumps(body).encode(), headers=headers)
    assert response.status_code == 200
    expected = [bare(p) for p in predict(good, good).json()["predictions"]]
    assert alike(response.json()["predictions"], expected)
    identifier = response.json()["ids"][0]
    assert client.get(f"/api/v1/predictions/{identifier}").json()["inputs"] == good


def test_the_model_is_listed_and_ready(client: httpx.Client, model: dict[str, Any]) -> None:
    assert client.get("/v1/models").json() == {"models": [model["name"]]}
    ready = client.get(f"/v1/models/{model['name']}")
    assert ready.json() == {"name": model["name"], "ready": True}
    assert client.get("/ping").status_code == 200


@pytest.mark.parametrize("name", ["none", "%20", "a.b", "<script>", "x" * 500])
def test_another_model(
    client: httpx.Client, model: dict[str, Any], good: Instance, name: str
) -> None:
    for response in (
        client.get(f"/v1/models/{name}"),
        client.post(f"/v1/models/{name}:predict", json={"instances": [good]}),
    ):
        assert response.status_code == 404
        assert model["name"] in response.json()["error"]


@pytest.mark.parametrize("header", [True, False], ids=["named", "in their order"])
@pytest.mark.parametrize("dialect", [(b"", b"\n"), (b"\xef\xbb\xbf", b"\r\n"), (b"", b"\n\n")])
def test_csv(
    client: httpx.Client,
    predict: Predict,
    good: Instance,
    header: bool,
    dialect: tuple[bytes, bytes],
) -> None:
    mark, end = dialect
    rows = [[*good.values()]] * 2
    body = mark + written(*([[*good]] if header else []), *rows).replace(b"\r\n", end)
    response = client.post(INVOCATIONS, content=body, headers=CSV)
    assert response.status_code == 200
    expected = [bare(p) for p in predict(good, good).json()["predictions"]]
    assert alike(response.json()["predictions"], expected)
    identifier = response.json()["ids"][0]
    assert client.get(f"/api/v1/predictions/{identifier}").json()["inputs"] == good


def test_csv_with_columns_in_any_order_and_others(
    client: httpx.Client, predict: Predict, good: Instance
) -> None:
    turned = {"no such": "x", **dict(reversed(good.items()))}
    body = written([*turned], [*turned.values()])
    response = client.post(INVOCATIONS, content=body, headers=CSV)
    expected = [bare(p) for p in predict(good).json()["predictions"]]
    assert alike(response.json()["predictions"], expected)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_csv_as_programs_write_it(
    client: httpx.Client, predict: Predict, good: Instance, encoding: str
) -> None:
    """A line that says the mark, a column without a name, blanks around headings."""
    header, row, _ = written([*good], [*good.values()]).decode().replace(",", ";").split("\r\n")
    text = f"sep=;\n;{header.replace(';', ' ; ')}\n0;{row}\n"
    response = client.post(INVOCATIONS, content=text.encode(encoding), headers=CSV)
    assert response.status_code == 200
    expected = [bare(p) for p in predict(good).json()["predictions"]]
    assert alike(response.json()["predictions"], expected)


def test_csv_out(client: httpx.Client, predict: Predict, good: Instance) -> None:
    headers = CSV | {"Accept": "text/csv"}
    response = client.post(INVOCATIONS, content=written([*good.values()] * 1), headers=headers)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    value = bare(predict(good).json()["predictions"][0])
    (row,) = csv.reader(io.StringIO(response.text))
    assert row == [as_text(v) for v in (value if isinstance(value, list) else [value])]


def test_gaps(client: httpx.Client, model: dict[str, Any], good: Instance, v1: str) -> None:
    for feature in model["features"]:
        row = [*(good | {feature["name"]: None}).values()]
        expected = 200 if feature["missing"] else 422
        assert client.post(v1, json={"instances": [row]}).status_code == expected
        response = client.post(INVOCATIONS, content=written([*good], row), headers=CSV)
        assert response.status_code == expected


BAD_ROWS: list[Any] = [
    pytest.param(lambda good: [], id="none"),
    pytest.param(lambda good: [[]], id="empty list"),
    pytest.param(lambda good: [{}], id="empty object"),
    pytest.param(lambda good: [[*good.values(), 1]], id="a value too many"),
    pytest.param(lambda good: [[*good.values()][1:]], id="a value too few"),
    pytest.param(lambda good: [good, [*good.values()][1:]], id="ragged"),
    pytest.param(lambda good: [[[*good.values()]]], id="too deep"),
    pytest.param(lambda good: ["text"], id="text"),
    pytest.param(lambda good: [1], id="a number"),
    pytest.param(lambda good: [None], id="null"),
    pytest.param(lambda good: [good | {"no such": 1}], id="unknown feature"),
    pytest.param(lambda good: [[{}] * len(good)], id="objects for values"),
    pytest.param(lambda good: [good] * 1001, id="too many"),
    pytest.param(lambda good: [[*good.values()]] * 1001, id="too many lists"),
    pytest.param(lambda good: 5, id="a number for the list"),
    pytest.param(lambda good: "rows", id="text for the list"),
]


@pytest.mark.parametrize("rows", BAD_ROWS)
def test_bad_rows(
    client: httpx.Client,
    model: dict[str, Any],
    good: Instance,
    v1: str,
    rows: Callable[[Instance], Any],
) -> None:
    bad = rows(good)
    if bad == [{}] and all(feature["missing"] for feature in model["features"]):
        pytest.skip("no feature of this model is needed")
    refused = [client.post(v1, json={"instances": bad})]
    refused += [client.post(INVOCATIONS, json={form: bad}) for form in ("instances", "inputs")]
    refused += [client.post(INVOCATIONS, json={"dataframe_records": bad})]
    for response in refused:
        assert response.status_code == 422
        assert response.json()["errors"][0]["msg"] in response.json()["error"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"instances": [{}], "inputs": [{}]},
        {"instances": None},
        {"rows": [{}]},
        {"instances": [{}], "params": {"a": 1}},
        {"inputs": {}},
        {"inputs": {"a": 1}},
        {"inputs": {"a": [1], "b": [1, 2]}},
        {"dataframe_split": {}},
        {"dataframe_split": {"columns": ["a"], "data": []}},
        {"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}},
        {"dataframe_split": {"columns": ["a", "a"], "data": [[1, 2]]}},
        {"dataframe_split": {"columns": [1], "data": [[1]]}},
        {"dataframe_split": {"columns": "a", "data": "b"}},
        {"dataframe_split": [[1]]},
        [],
        "text",
    ],
    ids=json.dumps,
)
def test_bad_forms(client: httpx.Client, body: Any) -> None:
    assert client.post(INVOCATIONS, json=body).status_code == 422


@pytest.mark.parametrize(
    "more", [{"parameters": {"top_k": 5}}, {"parameters": 1}, {"signature_name": "x"}]
)
def test_v1_takes_nothing_else(
    client: httpx.Client, good: Instance, v1: str, more: dict[str, Any]
) -> None:
    response = client.post(v1, json={"instances": [good], **more})
    assert response.status_code == 422
    assert [fault["loc"] for fault in response.json()["errors"]] == [[*more]]


def test_numbers_in_json_are_no_text(
    client: httpx.Client, model: dict[str, Any], good: Instance, v1: str
) -> None:
    for feature in model["features"]:
        if feature["type"] in ("number", "integer"):
            for value in (b'"3"', b"NaN", b"Infinity", b"true"):
                row = json.dumps(good | {feature["name"]: "here"}).encode()
                body = b'{"instances": [' + row.replace(b'"here"', value) + b"]}"
                for address in (v1, INVOCATIONS):
                    response = client.post(address, content=body, headers=JSON)
                    assert response.status_code == 422
                    loc = ["instances", 0, feature["name"]]
                    assert [f["loc"] for f in response.json()["errors"]] == [loc]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"\n\n", 400),
        (b"\xff\xfe", 400),
        (b'"a\n', 400),
        (b'a"b"c,"d"e\n', 422),
        (b'a\n"b"c\n', 400),
        (b"PK\x03\x04", 400),
        (b"\x00", 422),
        (b",,,,,,,,,,,,,,\n" * 3, 422),
        (b"one,two\n1,2\n", 422),
        (b"x" * 200_000, 422),
    ],
    ids=repr,
)
def test_bad_csv(client: httpx.Client, body: bytes, status: int) -> None:
    response = client.post(INVOCATIONS, content=body, headers=CSV)
    assert response.status_code == status
    assert response.json()["error"]


def test_csv_with_faults_of_its_rows(client: httpx.Client, good: Instance) -> None:
    cells = [*good.values()]
    for body, loc in (
        (written([*good]), ["instances"]),
        (written([*good], cells, cells[1:]), ["instances", 1]),
        (written([*good], *[cells] * 1001), ["instances"]),
        (written(cells, [*cells, 1]), ["instances", 1]),
    ):
        response = client.post(INVOCATIONS, content=body, headers=CSV)
        assert response.status_code == 422
        assert response.json()["errors"][0]["loc"] == loc


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "json"])
def test_another_content_type(client: httpx.Client, good: Instance, v1: str, kind: str) -> None:
    body = json.dumps({"instances": [good]}).encode()
    for address in (v1, INVOCATIONS):
        response = client.post(address, content=body, headers={"Content-Type": kind})
        assert response.status_code == 415


@pytest.mark.parametrize("body", [b"", b"{", b'{"instances": [], "instances": []}', b"\xff"])
def test_malformed(client: httpx.Client, v1: str, body: bytes) -> None:
    for address in (v1, INVOCATIONS):
        assert client.post(address, content=body, headers=JSON).status_code == 400

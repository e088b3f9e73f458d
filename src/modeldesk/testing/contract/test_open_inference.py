"""The Open Inference Protocol (v2): tensors in JSON and as binary data, good and bad."""

import json
import struct
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pytest

from .asking import Instance, Predict, same

HEADER = "Inference-Header-Content-Length"
DTYPES = {"FP64": "<f8", "FP32": "<f4", "INT64": "<i8", "BOOL": "?"}
DATATYPES = {"number": "FP64", "integer": "INT64", "boolean": "BOOL"}

Tensor = dict[str, Any]
Agrees = Callable[[httpx.Response], None]


@pytest.fixture
def address(model: dict[str, Any]) -> str:
    return f"/v2/models/{model['name']}"


@pytest.fixture
def tensors(model: dict[str, Any]) -> list[Tensor]:
    """Two rows of the model's example, a tensor for each feature."""
    return [
        {
            "name": feature["name"],
            "datatype": DATATYPES.get(feature["type"], "BYTES"),
            "shape": [2],
            "data": [feature["example"]] * 2,
        }
        for feature in model["features"]
    ]


def packed(datatype: str, cells: list[Any]) -> bytes:
    if datatype == "BYTES":
        texts = [cell.encode() for cell in cells]
        return b"".join(struct.pack("<I", len(text)) + text for text in texts)
    return np.array(cells, DTYPES[datatype]).tobytes()


def binary(tensors: list[Tensor], **more: Any) -> tuple[bytes, bytes]:
    """The JSON of a request, and the data behind it."""
    parts = [packed(tensor["datatype"], tensor["data"]) for tensor in tensors]
    inputs = [
        {**tensor, "parameters": {"binary_data_size": len(part)}}
        for tensor, part in zip(tensors, parts, strict=True)
    ]
    for tensor in inputs:
        del tensor["data"]
    return json.dumps({"inputs": inputs, **more}).encode(), b"".join(parts)


def unpacked(response: httpx.Response) -> dict[str, Any]:
    """The outputs by name, whichever way each is sent."""
    length = int(response.headers.get(HEADER, len(response.content)))
    content, rest = json.loads(response.content[:length]), response.content[length:]
    found = {}
    for output in content["outputs"]:
        data = output.get("data")
        if data is None:
            size = output["parameters"]["binary_data_size"]
            part, rest = rest[:size], rest[size:]
            if output["datatype"] == "BYTES":
                data = []
                while part:
                    (size,) = struct.unpack_from("<I", part)
                    data, part = [*data, part[4 : 4 + size].decode()], part[4 + size :]
            else:
                data = np.frombuffer(part, DTYPES[output["datatype"]]).tolist()
        assert len(data) == np.prod(output["shape"])
        found[output["name"]] = data
    assert rest == b""
    return found


def expected(model: dict[str, Any], predictions: list[Any]) -> dict[str, list[Any]]:
    """What the API's predictions are as tensors, but for their ids."""
    values = [prediction["value"] for prediction in predictions]
    if isinstance(values[0], dict):
        found: dict[str, list[Any]] = {}
        for name in values[0]:
            found[name] = [value[name] for value in values]
            shares = [one["probabilities"][name] for one in predictions if "probabilities" in one]
            if shares:
                found[f"{name}_probabilities"] = [p for one in shares for p in one.values()]
        return found
    if not model["output"]["classes"]:
        return {"value": values}
    shares = [p for one in predictions for p in one.get("probabilities", {}).values()]
    scores = [one["score"] for one in predictions if "score" in one]
    told = {"probabilities": shares, "score": scores}
    return {"label": values} | {name: given for name, given in told.items() if given}


@pytest.fixture
def agrees(client: httpx.Client, predict: Predict, model: dict[str, Any]) -> Agrees:
    """Fails unless an answer is what the API gives to the rows that it logged."""

    def check(response: httpx.Response) -> None:
        assert response.status_code == 200, response.text
        outputs = unpacked(response)
        rows = [client.get(f"/api/v1/predictions/{i}").json()["inputs"] for i in outputs.pop("id")]
        wanted = expected(model, predict(*rows).json()["predictions"])
        assert outputs.keys() == wanted.keys()
        for name, cells in wanted.items():
            assert all(same(*pair) for pair in zip(outputs[name], cells, strict=True))

    return check


def test_server_and_model_describe_themselves(
    client: httpx.Client, model: dict[str, Any], address: str, tensors: list[Tensor]
) -> None:
    assert client.get("/v2").json()["extensions"] == ["binary_tensor_data"]
    assert client.get("/v2/health/live").json() == {"live": True}
    assert client.get("/v2/health/ready").json() == {"ready": True}
    for path in (address, f"{address}/versions/{model['version']}"):
        assert client.get(f"{path}/ready").json() == {"name": model["name"], "ready": True}
        described = client.get(path).json()
        assert described["versions"] == [model["version"]]
        assert described["inputs"] == [
            {"name": t["name"], "datatype": t["datatype"], "shape": [-1]} for t in tensors
        ]
        outputs = {output["name"]: output for output in described["outputs"]}
        response = client.post(f"{path}/infer", json={"inputs": tensors})
        answered = response.json()["outputs"]
        assert [output["name"] for output in answered] == [*outputs]
        for output in answered:
            assert output["datatype"] == outputs[output["name"]]["datatype"]
            assert output["shape"] == [2, *outputs[output["name"]]["shape"][1:]]


@pytest.mark.parametrize("path", ["", "/ready", "/infer"])
def test_another_model_or_version(
    client: httpx.Client, model: dict[str, Any], tensors: list[Tensor], path: str
) -> None:
    method, body = ("POST", {"inputs": tensors}) if path == "/infer" else ("GET", None)
    for name, version in (("none", None), (model["name"], "none"), ("none", model["version"])):
        where = f"/v2/models/{name}" + (f"/versions/{version}" if version else "")
        response = client.request(method, where + path, json=body)
        assert response.status_code == 404
        named = model["version"] if name == model["name"] else model["name"]
        assert named in response.json()["error"]


@pytest.mark.parametrize("nested", [False, True])
def test_tensors_in_json(
    client: httpx.Client,
    agrees: Agrees,
    address: str,
    tensors: list[Tensor],
    nested: bool,
) -> None:
    if nested:
        for tensor in tensors:
            tensor |= {"shape": [2, 1], "data": [[cell] for cell in tensor["data"]]}
    body = {"id": "order 4711", "inputs": tensors[::-1], "model_name": "ignored"}
    for headers in ({"Content-Type": "application/json"}, {}):
        response = client.post(f"{address}/infer", content=json.dumps(body), headers=headers)
        agrees(response)
        assert response.json()["id"] == "order 4711"
        assert client.get(f"{address}/versions/{response.json()['model_version']}").is_success
        assert HEADER not in response.headers


@pytest.mark.parametrize("out", [False, True])
def test_binary_tensors(
    client: httpx.Client,
    agrees: Agrees,
    address: str,
    tensors: list[Tensor],
    out: bool,
) -> None:
    head, data = binary(tensors, parameters={"binary_data_output": out})
    for more in ({}, {"Content-Type": "application/octet-stream"}):
        headers = {HEADER: str(len(head)), **more}
        response = client.post(f"{address}/infer", content=head + data, headers=headers)
        agrees(response)
        assert (HEADER in response.headers) is out


def test_one_matrix(
    client: httpx.Client, agrees: Agrees, model: dict[str, Any], address: str, good: Instance
) -> None:
    """Which is for models whose features are of one datatype."""
    numbers = all(feature["type"] in ("number", "integer") for feature in model["features"])
    row = [value if numbers else 0.0 for value in good.values()]
    matrix = {"name": "any", "datatype": "FP64", "shape": [2, len(row)]}
    for data in ([row, row], row + row):
        response = client.post(f"{address}/infer", json={"inputs": [matrix | {"data": data}]})
        if numbers:
            agrees(response)
        else:
            assert response.status_code == 422
    head, rest = binary([{**matrix, "datatype": "FP32", "data": row + row}])
    headers = {HEADER: str(len(head))}
    response = client.post(f"{address}/infer", content=head + rest, headers=headers)
    assert response.status_code == (200 if numbers else 422)
    if numbers:  # and what 32 bits make of 0.1 is logged as 0.1
        inputs = client.get(f"/api/v1/predictions/{unpacked(response)['id'][0]}").json()["inputs"]
        assert [*inputs.values()] == [float(str(np.float32(value))) for value in row]


def test_a_request_in_the_style_of_mlserver(
    client: httpx.Client, agrees: Agrees, address: str, tensors: list[Tensor]
) -> None:
    """Content types, columns of one cell a row, and null for what is not said."""
    inputs = [
        tensor
        | {"shape": [2, 1]}
        | {"parameters": {"content_type": "str"} if tensor["datatype"] == "BYTES" else None}
        for tensor in tensors
    ]
    told = {"id": None, "parameters": {"content_type": "pd", "headers": None}, "outputs": None}
    response = client.post(f"{address}/infer", json=told | {"inputs": inputs})
    agrees(response)
    for output in response.json()["outputs"]:
        kind = "str" if output["datatype"] == "BYTES" else "np"
        assert output["parameters"] == {"content_type": kind}
    for tensor in inputs:
        if tensor["datatype"] == "BYTES":
            texts = [b64encode(text.encode()).decode() for text in tensor["data"]]
            tensor |= {"data": texts, "parameters": {"content_type": "base64"}}
    agrees(client.post(f"{address}/infer", json={"inputs": inputs}))


def test_another_content_type(client: httpx.Client, address: str, tensors: list[Tensor]) -> None:
    told = {"parameters": {"content_type": "pillow_image"}}
    faulty = [*tensors[:-1], tensors[-1] | told]
    for body, place in (
        ({"inputs": tensors} | told, []),
        ({"inputs": faulty}, ["inputs", len(tensors) - 1]),
    ):
        response = client.post(f"{address}/infer", json=body)
        assert response.status_code == 422
        (fault,) = response.json()["errors"]
        assert fault["loc"] == [*place, "parameters", "content_type"]
        assert "np, pd, str, base64, datetime" in fault["msg"]


def test_outputs_are_chosen(
    client: httpx.Client, model: dict[str, Any], address: str, tensors: list[Tensor]
) -> None:
    first = client.get(address).json()["outputs"][0]["name"]
    wanted = [{"name": "id"}, {"name": first, "parameters": {"binary_data": True}}]
    response = client.post(f"{address}/infer", json={"inputs": tensors, "outputs": wanted})
    content = json.loads(response.content[: int(response.headers[HEADER])])
    chosen, binary_one = content["outputs"]
    assert (chosen["name"], binary_one["name"]) == ("id", first)
    assert "data" in chosen
    assert "data" not in binary_one
    identifier = unpacked(response)["id"][0]
    feedback = client.post(
        f"/api/v1/predictions/{identifier}/feedback",
        json={"actual": client.get(f"/api/v1/predictions/{identifier}").json()["value"]},
    )
    assert feedback.status_code == 200


def test_gaps(
    client: httpx.Client, model: dict[str, Any], address: str, tensors: list[Tensor]
) -> None:
    for feature, tensor in zip(model["features"], tensors, strict=True):
        others = [other for other in tensors if other is not tensor]
        null = tensor | {"data": [tensor["data"][0], None]}
        status = 200 if feature["missing"] else 422
        assert (
            client.post(f"{address}/infer", json={"inputs": [*others, null]}).status_code == status
        )
        if feature["type"] in ("number", "integer"):
            nan = tensor | {"datatype": "FP64", "data": [tensor["data"][0], float("nan")]}
            head, data = binary([*others, nan])
            headers = {HEADER: str(len(head))}
            response = client.post(f"{address}/infer", content=head + data, headers=headers)
            assert response.status_code == status
            infinite = json.dumps({"inputs": [*others, nan]}).encode()
            assert client.post(f"{address}/infer", content=infinite).status_code == 422


BAD: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "unknown input": ({"name": "no such"}, ["inputs", 0, "name"]),
    "no name": ({"name": None}, ["inputs", 0, "name"]),
    "unknown datatype": ({"datatype": "FP128"}, ["inputs", 0, "datatype"]),
    "wrong datatype": ({"datatype": "BOOL"}, ["inputs", 0, "data"]),
    "FP16 in JSON": ({"datatype": "FP16"}, ["inputs", 0, "data"]),
    "no rows": ({"shape": [], "data": []}, ["inputs", 0, "shape"]),
    "three axes": ({"shape": [2, 1, 1]}, ["inputs", 0, "shape"]),
    "negative shape": ({"shape": [-1]}, ["inputs", 0, "shape", 0]),
    "shape of text": ({"shape": ["2"]}, ["inputs", 0, "shape", 0]),
    "huge shape": ({"shape": [10**15]}, ["inputs", 0, "data"]),
    "data longer than shape": ({"shape": [1]}, ["inputs", 0, "data"]),
    "data shorter than shape": ({"shape": [3]}, ["inputs", 0, "data"]),
    "columns": ({"shape": [1, 2]}, ["inputs", 0, "shape"]),
    "no data": ({"data": None}, ["inputs", 0, "data"]),
    "ragged": ({"shape": [2, 1], "data": [[1], []]}, ["inputs", 0, "data"]),
    "lists and cells": ({"shape": [2, 1], "data": [[1], 1]}, ["inputs", 0, "data"]),
    "objects": ({"data": [{}, {}]}, ["inputs", 0, "data"]),
    "negative size": (
        {"parameters": {"binary_data_size": -1}, "data": None},
        ["inputs", 0, "data"],
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_tensors(client: httpx.Client, address: str, tensors: list[Tensor], name: str) -> None:
    changes, loc = BAD[name]
    body = {"inputs": [tensors[0] | changes, *tensors[1:]]}
    response = client.post(f"{address}/infer", json=body)
    assert response.status_code == 422
    fault = response.json()["errors"][0]
    assert fault["loc"] == loc or len(tensors) == 1
    assert fault["msg"] in response.json()["error"]


def test_the_input_of_another_shape_is_the_one_that_is_named(
    client: httpx.Client, address: str, tensors: list[Tensor]
) -> None:
    wrong = tensors[0] | {"shape": [3], "data": tensors[0]["data"][:1] * 3}
    if len(tensors) > 2:
        response = client.post(f"{address}/infer", json={"inputs": [wrong, *tensors[1:]]})
        (fault,) = response.json()["errors"]
        assert fault["loc"] == ["inputs", 0, "shape"]
        assert fault["msg"] == "The shape should be [2] or [2, 1], not [3]."
    width = len(tensors) + 1
    matrix = {"name": "any", "datatype": "FP64", "shape": [1, width], "data": [0.0] * width}
    (fault,) = client.post(f"{address}/infer", json={"inputs": [matrix]}).json()["errors"]
    assert fault["loc"] == ["inputs", 0, "shape"]
    assert f"The shape should be [1, {len(tensors)}]" in fault["msg"]


def test_bad_requests(client: httpx.Client, address: str, tensors: list[Tensor]) -> None:
    other = tensors[0] | {"shape": [1], "data": tensors[0]["data"][:1]}
    many = [t | {"shape": [1001], "data": t["data"][:1] * 1001} for t in tensors]
    none = [t | {"shape": [0], "data": []} for t in tensors]
    bodies: list[tuple[Any, int]] = [
        ({"inputs": []}, 422),
        ({}, 422),
        ([], 422),
        ({"inputs": {}}, 422),
        ({"inputs": [*tensors, other]}, 422),
        ({"inputs": many}, 422),
        ({"inputs": none}, 422),
        ({"inputs": tensors, "outputs": [{"name": "no such"}]}, 422),
        ({"inputs": tensors, "outputs": [{}]}, 422),
        ({"inputs": tensors, "id": 5}, 422),
        ({"inputs": tensors, "parameters": []}, 422),
    ]
    for body, status in bodies:
        assert client.post(f"{address}/infer", json=body).status_code == status, body


def test_bad_binary_data(client: httpx.Client, address: str, tensors: list[Tensor]) -> None:
    head, data = binary(tensors)
    length = str(len(head))
    sent: list[tuple[bytes, str, int]] = [
        (head + data[:-1], length, 400),
        (head + data + b"\0", length, 400),
        (head, length, 400),
        (head + data, str(len(head) - 1), 400),
        (head + data, str(len(head) + 1), 400),
        (head + data, str(len(head) + len(data) + 1), 400),
        *((head + data, text, 400) for text in ("-1", "x", "1e3", "9" * 5000, "", "\u0665")),
        (b"", "0", 400),
    ]
    for body, text, status in sent:
        headers = {HEADER.encode(): text.encode()}
        response = client.post(f"{address}/infer", content=body, headers=headers)
        assert response.status_code == status, text[:20]
    kind = "application/x-www-form-urlencoded"
    response = client.post(f"{address}/infer", content=head, headers={"Content-Type": kind})
    assert response.status_code == 415


@pytest.mark.parametrize(
    ("datatype", "content"),
    [
        ("BYTES", b"\xff\xff\xff\xff"),
        ("BYTES", b"\x01\x00\x00"),
        ("BYTES", b"\x01\x00\x00\x00\xff\x00\x00\x00\x00"),
        ("BYTES", b"\x00\x00\x00\x00" * 3),
        ("BOOL", b"\x02\x01"),
        ("FP64", b"\0" * 8),
        ("FP16", b"\0" * 8),
    ],
)
def test_binary_data_that_is_not_of_its_datatype(
    client: httpx.Client, address: str, tensors: list[Tensor], datatype: str, content: bytes
) -> None:
    bad = tensors[0] | {"datatype": datatype, "parameters": {"binary_data_size": len(content)}}
    head = json.dumps({"inputs": [bad, *tensors[1:]]}).encode()
    headers = {HEADER: str(len(head))}
    response = client.post(f"{address}/infer", content=head + content, headers=headers)
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["inputs", 0, "data"]

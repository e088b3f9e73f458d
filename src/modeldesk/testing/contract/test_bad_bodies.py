"""Bodies that are no request: malformed, of another type, too large, cut off."""

import gzip
import json
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from .asking import Instance, Predict

LARGE = 50_000_000
DEEP = b"[" * 100_000 + b"]" * 100_000
JSON = "application/json"
ROUTES = ["/api/v1/predict", "/api/v1/predictions/{record_id}/feedback"]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(b"", "json_invalid", id="empty"),
        pytest.param(b" \n", "json_invalid", id="blank"),
        pytest.param(b'{"instances": [{"a"', "json_invalid", id="cut off"),
        pytest.param(b"{} {}", "json_invalid", id="two values"),
        pytest.param(b"{'instances': []}", "json_invalid", id="single quotes"),
        pytest.param(b'{"instances": [],}', "json_invalid", id="trailing comma"),
        pytest.param(b'{"a": 01}', "json_invalid", id="leading zero"),
        pytest.param(b'{"a": "\x01"}', "json_invalid", id="control character"),
        pytest.param(b'\xef\xbb\xbf{"instances": []}', "json_invalid", id="byte order mark"),
        pytest.param(b'{"instances": "\xff\xfe"}', "unicode", id="invalid UTF-8"),
        pytest.param('{"instances": []}'.encode("utf-16"), "unicode", id="UTF-16"),
        pytest.param(b'{"instances": "\xed\xa0\x80"}', "unicode", id="surrogate in UTF-8"),
        pytest.param(rb'{"instances": "\ud800"}', "unicode", id="lone surrogate"),
        pytest.param(rb'{"\udc00": 1}', "unicode", id="lone surrogate in a key"),
        pytest.param(rb'{"instances": "a\u0000"}', "json_refused", id="NUL"),
        pytest.param(b'{"instances": [], "instances": []}', "json_refused", id="key twice"),
        pytest.param(b'{"instances": [{"a": 1, "a": 2}]}', "json_refused", id="feature twice"),
        pytest.param(b'{"a": ' + b"9" * 5000 + b"}", "json_refused", id="endless number"),
        pytest.param(b'{"instances": ' + DEEP + b"}", "json_depth", id="deep lists"),
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "json_depth", id="deep objects"),
    ],
)
def test_malformed(
    client: httpx.Client, record_id: str, route: str, body: bytes, kind: str
) -> None:
    address = route.format(record_id=record_id)
    response = client.post(address, content=body, headers={"Content-Type": JSON})
    assert response.status_code == 400
    (fault,) = response.json()["errors"]
    assert (fault["loc"], fault["type"]) == (["body"], kind)
    assert fault["msg"] in response.json()["detail"]


def test_where_json_breaks_is_said(client: httpx.Client) -> None:
    headers = {"Content-Type": JSON}
    response = client.post("/api/v1/predict", content=b'{\n"instances": nil}', headers=headers)
    assert "line 2, column 14" in response.json()["detail"]


@pytest.mark.parametrize("body", [b"[]", b"1", b'"text"', b"null", b"true", b"{}"])
@pytest.mark.parametrize(("route", "key"), [(ROUTES[0], "instances"), (ROUTES[1], "actual")])
def test_not_the_object_that_is_asked_for(
    client: httpx.Client, record_id: str, route: str, key: str, body: bytes
) -> None:
    address = route.format(record_id=record_id)
    response = client.post(address, content=body, headers={"Content-Type": JSON})
    assert response.status_code == 422
    (fault,) = response.json()["errors"]
    expected = ([key], "missing") if body == b"{}" else (["body"], "model_type")
    assert (fault["loc"], fault["type"]) == expected


@pytest.mark.parametrize("instances", [None, {}, "[]", 5, {"a": 1}])
def test_instances_that_are_no_list(client: httpx.Client, instances: Any) -> None:
    response = client.post("/api/v1/predict", json={"instances": instances})
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["instances"]


def test_every_unknown_key_is_named(client: httpx.Client, good: Instance) -> None:
    body = {"instances": [good], "rows": 1, "model": "other"}
    response = client.post("/api/v1/predict", json=body)
    assert response.status_code == 422
    assert [fault["loc"] for fault in response.json()["errors"]] == [["rows"], ["model"]]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "kind",
    [
        None,
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "application/json-patch",
        "json",
        ";;;",
    ],
)
def test_another_content_type(
    client: httpx.Client, record_id: str, route: str, kind: str | None
) -> None:
    headers = {"Content-Type": kind} if kind else {}
    address = route.format(record_id=record_id)
    response = client.post(address, content=b'{"a": 1}', headers=headers)
    assert response.status_code == 415
    assert "application/json" in response.json()["detail"]


def chunks(size: int) -> Iterator[bytes]:
    for _ in range(size // 50_000):
        yield b" " * 50_000


@pytest.mark.parametrize("route", [*ROUTES, "/api/v1/none", "/healthz"])
@pytest.mark.parametrize("chunked", [False, True], ids=["with its length", "chunked"])
def test_too_large(client: httpx.Client, record_id: str, route: str, chunked: bool) -> None:
    response = client.post(
        route.format(record_id=record_id),
        content=chunks(LARGE) if chunked else b" " * LARGE,
        headers={"Content-Type": JSON},
    )
    assert response.status_code == 413
    assert "10 MiB" in response.json()["detail"]


@pytest.mark.parametrize(
    ("packing", "body", "status", "says"),
    [
        ("gzip", gzip.compress(b" " * LARGE), 413, "10 MiB unpacked"),
        ("gzip", b"{}", 400, "gzip"),
        ("gzip", gzip.compress(b"{}")[:-1], 400, "cut off"),
        ("br", b"{}", 415, "gzip or deflate"),
    ],
    ids=["bomb", "not packed", "cut off", "unknown"],
)
def test_packed_so_that_it_cannot_be_read(
    client: httpx.Client, packing: str, body: bytes, status: int, says: str
) -> None:
    headers = {"Content-Type": JSON, "Content-Encoding": packing}
    response = client.post("/api/v1/predict", content=body, headers=headers)
    assert response.status_code == status
    assert says in response.json()["detail"]
    assert ("Accept-Encoding" in response.headers) == (status == 415)


def test_as_large_as_allowed(client: httpx.Client, good: Instance) -> None:
    body = json.dumps({"instances": [good]}).encode()
    room = b" " * (10 * 2**20 - len(body))
    for content in (body + room, iter([body, room])):
        response = client.post("/api/v1/predict", content=content, headers={"Content-Type": JSON})
        assert response.status_code == 200


@pytest.mark.parametrize(
    "start",
    [
        b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
        b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\na=",
        b"Content-Le",
    ],
)
def test_callers_who_go_away(
    client: httpx.Client, predict: Predict, good: Instance, start: bytes
) -> None:
    address = (client.base_url.host, client.base_url.port or 80)
    for _ in range(40):  # more than the service has threads
        with socket.create_connection(address) as caller:
            caller.sendall(b"POST /api/v1/predict HTTP/1.1\r\nHost: localhost\r\n" + start)
    assert predict(good).status_code == 200

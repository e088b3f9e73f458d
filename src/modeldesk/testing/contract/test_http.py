"""What HTTP asks of every route: methods, unknown addresses, hosts, identifiers, headers."""

import re
from typing import Any

import httpx
import pytest

from .asking import Predict

NOWHERE = "00000000-0000-7000-8000-000000000000"
PROBES = ["/healthz", "/readyz", "/metrics", "/ping", "/v2/health/live", "/v2/health/ready"]
API = ["/api/v1/model", "/api/v1/predictions", "/v1/models", "/v2"]
READ = [*PROBES, *API, "/openapi.json", "/docs"]
WRITE = [
    "/api/v1/predict",
    f"/api/v1/predictions/{NOWHERE}/feedback",
    "/v1/models/none:predict",
    "/v2/models/none/infer",
    "/v2/models/none/versions/none/infer",
    "/invocations",
]
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize("path", READ)
def test_reading(client: httpx.Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    head = client.head(path)
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["Content-Type"] == response.headers["Content-Type"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize("path", [*READ, f"/api/v1/predictions/{NOWHERE}"])
def test_methods_of_a_route_to_read(client: httpx.Client, path: str, method: str) -> None:
    response = client.request(method, path)
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD"
    assert response.json()["detail"] == "This address takes only GET, HEAD."


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"])
@pytest.mark.parametrize("path", WRITE)
def test_methods_of_a_route_to_write(client: httpx.Client, path: str, method: str) -> None:
    response = client.request(method, path)
    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"


@pytest.mark.parametrize("headers", [{}, {"Accept": "*/*"}, BROWSER])
@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/none",
        "/api/v1/model/",
        "/api/v1/",
        "/api/none",
        "/api/v1/predictions/a/b/c",
        "/api/v1/<script>alert(1)</script>",
        "/api/v1/%00%ff",
        "/v1/none",
        "/v1/models/none:explain",
        "/v2/none",
        "/invocations/none",
        "/ping/",
        "/api//v1/model",
        "/api/v1/model//",
    ],
)
def test_unknown_addresses_of_the_api(
    client: httpx.Client, path: str, headers: dict[str, str]
) -> None:
    response = client.get(path, headers=headers)
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"


UNKNOWN = ["/none", "/docs/", "/docs//", "/healthz/", "/static/none.css", "/%ff", "/%00"]
UNKNOWN += ["/accounts/confirm/%00.%00", "/accounts/reset/%00.%00"]
UNKNOWN += ["//", "//docs", "//healthz", "//accounts/login", "//none.example/docs"]


@pytest.mark.parametrize("path", UNKNOWN)
def test_other_unknown_addresses(client: httpx.Client, path: str) -> None:
    response = client.get(client.base_url.join("/").copy_with(raw_path=path.encode()))
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"
    page = client.get(client.base_url.join("/").copy_with(raw_path=path.encode()), headers=BROWSER)
    assert page.status_code == 404
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["X-Request-ID"] in page.text


def test_the_api_is_at_no_address_with_two_slashes(client: httpx.Client) -> None:
    address = client.base_url.join("/").copy_with(raw_path=b"//api/v1/model")
    for headers in ({}, BROWSER):
        response = client.get(address, headers=headers)
        assert response.status_code == 404
        assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../pyproject.toml",
        "/static/%2e%2e/models.py",
        "/static//etc/passwd",
        "/static/modeldesk/../__init__.py",
        "/static/modeldesk/%2e%2e/%2e%2e/__init__.py",
    ],
)
def test_static_files_stay_in_their_folder(client: httpx.Client, path: str) -> None:
    address = client.base_url.join("/").copy_with(raw_path=path.encode())
    assert client.get(address).status_code == 404


def test_the_stylesheets(client: httpx.Client, stylesheets: list[str]) -> None:
    assert stylesheets
    for address in stylesheets:
        response = client.get(address)
        assert response.status_code == 200
        assert response.headers["Content-Type"].startswith("text/css")
        assert not re.search(r"https?:|//|@import", re.sub(r"/\*.*?\*/", "", response.text))


@pytest.mark.parametrize("given", ["order-4711", "a", "A.b_c:d-1" * 7])
def test_a_request_id_is_echoed(client: httpx.Client, stylesheets: list[str], given: str) -> None:
    for path in ("/healthz", "/docs", "/api/v1/none", *stylesheets):
        response = client.get(path, headers={"X-Request-ID": given})
        assert response.headers["X-Request-ID"] == given


@pytest.mark.parametrize(
    "given", [b"", b"a b", b"x" * 65, b"<script>", b"\xc3\xa9", b'"', b"a,b", b"\x80", b"a\tb"]
)
def test_an_odd_request_id_is_replaced(client: httpx.Client, given: bytes) -> None:
    response = client.get("/api/v1/none", headers={b"X-Request-ID": given})
    assert re.fullmatch(r"[0-9a-f]{32}", response.headers["X-Request-ID"])


def test_request_ids_differ(client: httpx.Client) -> None:
    ids = {client.get("/healthz").headers["X-Request-ID"] for _ in range(10)}
    assert len(ids) == 10


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "a b/c", "", "@", "[::"]
)
@pytest.mark.parametrize("path", ["/api/v1/model", "/docs", "/openapi.json", "/none"])
def test_a_foreign_host(client: httpx.Client, path: str, host: str) -> None:
    for headers in ({}, BROWSER):
        response = client.get(path, headers={"Host": host, **headers})
        assert response.status_code == 400
        assert response.headers["Content-Type"] == "application/problem+json"
        assert host not in response.text or len(host) < 2


@pytest.mark.parametrize("path", PROBES)
def test_probes_are_called_by_any_host(client: httpx.Client, path: str) -> None:
    for host in ("10.1.2.3:8000", "pod", "evil.example"):
        assert client.get(path, headers={"Host": host}).status_code == 200


def test_invocations_are_called_by_any_address(client: httpx.Client) -> None:
    for host, status in (("10.1.2.3:8080", 422), ("evil.example", 400), ("1.evil.example", 400)):
        response = client.post("/invocations", json={}, headers={"Host": host})
        assert response.status_code == status


def test_nothing_sets_a_cookie_for_the_api(
    base_url: str, client: httpx.Client, predict: Predict
) -> None:
    documentation = httpx.get(f"{base_url}/docs")  # of nobody, who has no form to log out
    for response in (client.get("/api/v1/model"), documentation, predict({})):
        assert "Set-Cookie" not in response.headers


def test_answers_can_be_read_by_json_of_any_kind(client: httpx.Client) -> None:
    for path in ("/api/v1/model", "/openapi.json"):
        assert client.get(path).headers["Content-Type"] == "application/json"


def test_the_secret_parts_are_not_told(client: httpx.Client) -> None:
    told: list[Any] = [client.get(path).text for path in ("/readyz", "/docs", "/none", "/metrics")]
    assert not any("SECRET" in text or "DATABASE_URL" in text for text in told)

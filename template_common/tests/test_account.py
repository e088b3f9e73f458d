"""The life of an account, with the mails that belong to it: from the sign-up to its end."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from .conftest import Projects
from .contract.login import log_in, new_token
from .contract.page import Page
from .running import Server, serving

EMAIL = "ada@example.com"
FIRST, SECOND = "the first password", "the second password"
SOON = 20  # seconds


@pytest.fixture(scope="module")
def server(
    small_model: Path, new_project: Projects, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with (
        new_project(tmp_path_factory.mktemp("account")) as folder,
        serving(folder, "--workers", "1", ARTIFACTS_DIR=str(small_model)) as server,
    ):
        yield server


@pytest.fixture
def browsers(server: Server) -> Iterator[list[httpx.Client]]:
    found = [httpx.Client(base_url=server.url, timeout=60) for _ in range(3)]
    yield found
    for browser in found:
        browser.close()


def send(browser: httpx.Client, path: str, **typed: str) -> httpx.Response:
    return browser.post(path, data=Page(browser.get(path).text).typed() | typed)


def link(server: Server, kind: str) -> str:
    """The address in the newest mail that has one of this kind."""
    deadline = time.monotonic() + SOON
    while time.monotonic() < deadline:
        printed = server.out.read_text("utf-8")
        if found := re.findall(rf"{server.url}(/accounts/{kind}/\S+)", printed):
            return str(found[-1])
        time.sleep(0.1)
    raise AssertionError(f"No mail of this kind: {printed}")


def predict(server: Server, token: str) -> httpx.Response:
    """A prediction in the name of the owner of a token."""
    headers = {"Authorization": f"Bearer {token}"}
    features = server.request("GET", "/api/v1/model").json()["features"]
    instance = {feature["name"]: feature["example"] for feature in features}
    body = {"instances": [instance]}
    return server.request("POST", "/api/v1/predict", json=body, headers=headers)


def test_from_the_sign_up_to_the_end(server: Server, browsers: list[httpx.Client]) -> None:
    browser, other, last = browsers
    send(browser, "/accounts/register", email=EMAIL, password=FIRST)
    assert send(browser, "/accounts/login", email=EMAIL, password=FIRST).status_code == 422
    confirmed = browser.get(link(server, "confirm"))
    assert confirmed.status_code in (302, 303)
    log_in(other, EMAIL, FIRST)

    token = new_token(other, "own")
    own = predict(server, token).json()["predictions"][0]["id"]
    foreign = predict(server, server.token).json()["predictions"][0]["id"]
    headers = {"Authorization": f"Bearer {token}"}
    page = server.request("GET", "/api/v1/predictions", headers=headers).json()
    assert [prediction["id"] for prediction in page["predictions"]] == [own]
    address = f"/api/v1/predictions/{foreign}"
    assert server.request("GET", address, headers=headers).status_code == 404
    told = server.request("POST", f"{address}/feedback", json={"actual": "dear"}, headers=headers)
    assert (told.status_code, told.json()["detail"]) == (404, "There is no such prediction.")
    typed = Page(other.get("/accounts/").text).typed() | {"actual": "dear"}
    assert other.post(f"/predictions/{foreign}", data=typed).status_code == 404
    assert server.request("GET", address).json()["feedback"] is None
    assert server.request("GET", "/metrics", headers=headers).status_code == 403
    everybody = server.request("GET", "/api/v1/predictions").json()["predictions"]
    assert {own, foreign} <= {prediction["id"] for prediction in everybody}

    send(browser, "/accounts/reset", email=EMAIL)
    way = link(server, "reset")
    short = send(browser, way, password="short", password_confirm="short")
    assert short.status_code == 422
    assert send(browser, way, password=SECOND, password_confirm=SECOND).status_code in (302, 303)
    assert other.get("/accounts/").status_code in (302, 303)
    assert send(last, "/accounts/login", email=EMAIL, password=FIRST).status_code == 422
    log_in(last, EMAIL, SECOND)
    again = httpx.get(f"{server.url}{way}", follow_redirects=True)
    assert not Page(again.text).all("input", name="password_confirm")

    assert send(last, "/accounts/delete", password=FIRST).status_code == 422
    assert send(last, "/accounts/delete", password=SECOND).status_code in (302, 303)
    assert last.get("/accounts/").status_code in (302, 303)
    assert send(last, "/accounts/login", email=EMAIL, password=SECOND).status_code == 422
    assert predict(server, token).status_code == 401
    assert server.request("GET", f"/api/v1/predictions/{own}").status_code == 200


def printed(path: Path, words: str, times: int = 1) -> None:
    """Wait until the service has printed these words so many times, and fail if it does not."""
    deadline = time.monotonic() + SOON
    while path.read_text("utf-8").replace("\r", "").count(words) < times:
        assert time.monotonic() < deadline, path.read_text("utf-8")
        time.sleep(0.1)


def test_who_signs_up_twice_is_told_by_mail(server: Server, browsers: list[httpx.Client]) -> None:
    assert server.token
    send(browsers[0], "/accounts/register", email="admin@example.com", password=FIRST)
    printed(server.out, "has an\naccount")


def test_nobody_is_flooded_with_mails(server: Server, browsers: list[httpx.Client]) -> None:
    to = "To: bob@example.com"
    for count in range(1, 6):
        send(browsers[0], "/accounts/register", email="bob@example.com", password=FIRST)
        printed(server.out, to, count)
    send(browsers[0], "/accounts/register", email="bob@example.com", password=FIRST)
    printed(server.err, "A mail was not sent")
    assert server.out.read_text("utf-8").count(to) == 5

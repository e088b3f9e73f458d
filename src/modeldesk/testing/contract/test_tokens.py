"""API tokens and sessions: how they are made, what they open, how they end."""

import uuid
from collections.abc import Iterator

import httpx
import pytest

from ..page import Element, Page, errors_of
from .asking import Instance, NewBrowser
from .client import Document, checking_client
from .operations import operations

pytestmark = pytest.mark.part("auth")

TOKENS = "/accounts/tokens"
PREDICT = "/api/v1/predict"


def make(browser: httpx.Client, **typed: str) -> httpx.Response:
    return browser.post(TOKENS, data=Page(browser.get(TOKENS).text).typed() | typed)


def secret_of(response: httpx.Response) -> str:
    return Page(response.text).one("code", id="token").text


@pytest.fixture
def program(base_url: str, document: Document) -> Iterator[httpx.Client]:
    """A client that is no browser."""
    with checking_client(base_url, document) as client:
        yield client


@pytest.fixture
def name() -> str:
    return f"nightly {uuid.uuid4().hex}"


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def csrf_token(browser: httpx.Client) -> str:
    (token,) = Page(browser.get("/docs").text).csrf.values()
    return token


def cells(browser: httpx.Client, name: str) -> list[str]:
    """The row of a token."""
    texts = [" ".join(cell.text.split()) for cell in Page(browser.get(TOKENS).text).all("td")]
    start = texts.index(name)
    return texts[start : start + 4]


def revoking(browser: httpx.Client, name: str) -> Element:
    """The form that revokes a token."""
    page = Page(browser.get(TOKENS).text)
    (position,) = (
        index
        for index, element in enumerate(page.elements)
        if element.attributes.get("aria-label") == f"Revoke {name}"
    )
    return next(element for element in page.elements[position::-1] if element.tag == "form")


def test_the_life_of_a_token(browser: httpx.Client, program: httpx.Client, name: str) -> None:
    response = make(browser, name=name)
    assert "no-store" in response.headers["Cache-Control"]
    secret = secret_of(response)
    assert secret.startswith("api_")
    assert secret not in browser.get(TOKENS).text
    _, _, used, ends = cells(browser, name)
    assert used == "never"
    assert ends != "never"
    assert program.get("/api/v1/model", headers=bearer(secret)).status_code == 200
    assert cells(browser, name)[2] != "never"
    form = revoking(browser, name)
    typed = Page(browser.get(TOKENS).text).typed()
    assert browser.post(form["action"], data={}).status_code == 403
    assert program.get("/api/v1/model", headers=bearer(secret)).status_code == 200
    assert browser.post(form["action"], data=typed).status_code in (302, 303)
    assert name not in browser.get(TOKENS).text
    refused = program.get("/api/v1/model", headers=bearer(secret))
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert browser.post(form["action"], data=typed).status_code == 404


def test_a_token_without_an_end(browser: httpx.Client, name: str) -> None:
    assert make(browser, name=name, lifetime="").status_code == 200
    assert cells(browser, name)[3] == "never"


@pytest.mark.parametrize(
    ("typed", "faulty"),
    [
        ({"name": ""}, ["name"]),
        ({"name": "   "}, ["name"]),
        ({"name": "n" * 101}, ["name"]),
        ({"name": "kept", "lifetime": "7"}, ["lifetime"]),
        ({"name": "kept", "lifetime": "-1"}, ["lifetime"]),
        ({"name": "", "lifetime": "soon"}, ["name", "lifetime"]),
    ],
)
def test_faults_of_a_token(browser: httpx.Client, typed: dict[str, str], faulty: list[str]) -> None:
    response = make(browser, **typed)
    assert response.status_code == 422
    page = Page(response.text)
    assert list(errors_of(page)) == faulty
    assert page.one("input", name="name").attributes.get("value", "") == typed["name"]
    assert not page.all("code", id="token")


@pytest.mark.parametrize(
    "given",
    [
        "Bearer api_unknown",
        "Bearer",
        "Basic YWRtaW46YWRtaW4=",
        "api_unknown",
        "Bearer " + "a" * 5000,
    ],
)
def test_tokens_that_nobody_made(browser: httpx.Client, program: httpx.Client, given: str) -> None:
    """Also with a session, so that no program works by the cookie of its owner unnoticed."""
    for client in (program, browser):
        response = client.get("/api/v1/model", headers={"Authorization": given})
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        assert response.headers["Content-Type"] == "application/problem+json"


def test_every_route_takes_a_token_or_a_session(
    browser: httpx.Client, program: httpx.Client, document: Document, record_id: str
) -> None:
    token = bearer(secret_of(make(browser, name="all routes")))
    session = {"X-CSRFToken": csrf_token(browser)}
    for operation in operations(document):
        for address, options in operation.requests(document, record_id):
            asked = (operation.method, address)
            by_nobody = program.request(*asked, **options)
            if operation.content.get("security"):
                assert by_nobody.status_code == 401, asked
                assert by_nobody.headers["WWW-Authenticate"] == "Bearer"
            else:
                assert by_nobody.status_code == 200, asked
            by_token = program.request(*asked, headers=token, **options)
            assert by_token.status_code == 200, asked
            by_session = browser.request(*asked, headers=session, **options)
            # A prediction has its true outcome by now.
            assert by_session.status_code == (409 if "/feedback" in address else 200), asked


def test_a_session_predicts_with_its_csrf_token_only(
    browser: httpx.Client, new_browser: NewBrowser, good: Instance
) -> None:
    own, foreign = csrf_token(browser), csrf_token(new_browser())
    body = {"instances": [good]}
    for headers in ({}, {"X-CSRFToken": ""}, {"X-CSRFToken": foreign}, {"X-CSRFToken": "x" * 64}):
        refused = browser.post(PREDICT, json=body, headers=headers)
        assert refused.status_code == 403
        assert "X-CSRFToken" in refused.json()["detail"]
    assert browser.post(PREDICT, json=body, headers={"X-CSRFToken": own}).status_code == 200


def test_a_log_in_is_no_token(stranger: httpx.Client, program: httpx.Client) -> None:
    """What is in the page or the cookie of a person opens nothing when sent as a token."""
    page = Page(stranger.get("/accounts/login").text)
    for secret in (*page.typed().values(), *stranger.cookies.values()):
        response = program.get("/api/v1/model", headers=bearer(secret or "none"))
        assert response.status_code == 401

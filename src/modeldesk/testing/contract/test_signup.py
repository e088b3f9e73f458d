"""Signing up, confirming and resetting, up to the mail: what is told to whom."""

import httpx
import pytest

from ..page import Page, errors_of
from .asking import LOGIN, nobody, send

pytestmark = pytest.mark.part("auth")

CLOSED = ["/accounts/", "/accounts/tokens", "/accounts/delete"]
PASSWORD = "a password to sign up with"
UNKNOWN = "4711" * 8


def told(stranger: httpx.Client, response: httpx.Response) -> tuple[int, str, str]:
    """The status, where it leads, and what is read there."""
    shown = response
    if response.is_redirect:
        shown = stranger.get(response.headers["Location"])
    return response.status_code, response.headers.get("Location", ""), Page(shown.text).text


@pytest.mark.parametrize("path", CLOSED)
def test_pages_of_an_account(stranger: httpx.Client, path: str) -> None:
    response = stranger.get(path)
    assert response.status_code in (302, 303)
    assert response.headers["Location"].partition("?")[0].endswith(LOGIN)


def test_sign_up_tells_nobody_who_has_an_account(
    stranger: httpx.Client, administrator: dict[str, str]
) -> None:
    waiting = nobody()
    answers = {
        told(stranger, send(stranger, "/accounts/register", email=email, password=PASSWORD))
        for email in (waiting, waiting, administrator["email"])
    }
    ((status, _, _),) = answers
    assert status in (200, 302, 303)
    response = send(stranger, LOGIN, email=waiting, password=PASSWORD)
    assert response.status_code == 422
    wrong = send(stranger, LOGIN, email=nobody(), password=PASSWORD)
    assert Page(response.text).text == Page(wrong.text).text


@pytest.mark.parametrize("path", ["/accounts/confirm", "/accounts/reset"])
def test_asking_for_a_mail_tells_nobody_who_has_an_account(
    stranger: httpx.Client, path: str, administrator: dict[str, str]
) -> None:
    waiting = nobody()
    send(stranger, "/accounts/register", email=waiting, password=PASSWORD)
    answers = {
        told(stranger, send(stranger, path, email=email))
        for email in (nobody(), waiting, administrator["email"])
    }
    ((status, _, _),) = answers
    assert status in (200, 302, 303)


@pytest.mark.parametrize(
    ("email", "password", "faulty"),
    [
        ("", PASSWORD, ["email"]),
        ("no address", PASSWORD, ["email"]),
        ("a@b@c", PASSWORD, ["email"]),
        (None, "", ["password"]),
        (None, "nine char", ["password"]),
        ("no address", "nine char", ["email", "password"]),
    ],
)
def test_faults_of_a_sign_up(
    stranger: httpx.Client,
    email: str | None,
    password: str,
    faulty: list[str],
    administrator: dict[str, str],
) -> None:
    pages = []
    for address in [nobody(), administrator["email"]] if email is None else [email]:
        response = send(stranger, "/accounts/register", email=address, password=password)
        assert response.status_code == 422
        page = Page(response.text)
        assert list(errors_of(page)) == faulty
        assert page.one("input", name="email").attributes.get("value", "") == address
        assert not page.one("input", name="password").attributes.get("value")
        assert page.one("section", role="alert").text.strip()
        pages.append(page.text)
    assert len(set(pages)) == 1


@pytest.mark.parametrize("kind", ["confirm", "reset"])
@pytest.mark.parametrize("secret", ["a.b", f"{UNKNOWN}.a-b", "é.é"])
def test_a_link_that_was_never_sent(stranger: httpx.Client, kind: str, secret: str) -> None:
    """It leads to where a new one can be asked for."""
    response = stranger.get(f"/accounts/{kind}/{secret}", follow_redirects=True)
    assert response.status_code in (200, 422)
    assert response.url.path == f"/accounts/{kind}"
    assert Page(response.text).one("input", name="email")

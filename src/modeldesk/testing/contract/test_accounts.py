"""Log-in, log-out and the change of a password, as a person without an account and an admin meet
them."""

from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from ..page import Page, errors_of
from .asking import LOGIN, NewBrowser, Session, nobody, send

pytestmark = pytest.mark.part("auth", "admin")

LOGOUT, PASSWORD = "/accounts/logout", "/accounts/password"
ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "https:evil.example",
    "javascript:alert(1)",
]


def is_logged_in(browser: httpx.Client) -> bool:
    return browser.get(PASSWORD).status_code == 200


def test_the_way_to_a_page_that_needs_an_account(
    stranger: httpx.Client, administrator: dict[str, str]
) -> None:
    response = stranger.get(PASSWORD)
    assert response.status_code in (302, 303)
    answer = send(stranger, response.headers["Location"], **administrator)
    assert answer.status_code in (302, 303)
    assert urlsplit(answer.headers["Location"]).path == PASSWORD
    assert is_logged_in(stranger)


@pytest.mark.parametrize("address", ELSEWHERE)
def test_no_way_to_another_site(
    stranger: httpx.Client, base_url: str, address: str, administrator: dict[str, str]
) -> None:
    page = stranger.get(LOGIN, params={"next": address})
    typed = Page(page.text).typed() | administrator | {"next": address}
    response = stranger.post(page.url, data=typed)
    assert response.status_code in (302, 303)
    target = urljoin(base_url, response.headers["Location"].replace("\\", "/"))
    assert urlsplit(target)[:2] == urlsplit(base_url)[:2]


def test_one_answer_to_whatever_is_wrong(
    stranger: httpx.Client, administrator: dict[str, str]
) -> None:
    known, told = administrator, set()
    for email, password in (
        (known["email"], "not the password"),
        (nobody(), "not the password"),
        (nobody(), known["password"]),
    ):
        response = send(stranger, LOGIN, email=email, password=password)
        assert response.status_code == 422
        page = Page(response.text)
        assert page.one("input", name="email")["value"] == email
        assert password not in response.text
        assert page.one("title").text.startswith("Error: ")
        told.add((page.text, str(sorted(errors_of(page).items()))))
    assert len(told) == 1
    assert "do not belong together" in page.one("section", role="alert").text
    assert send(stranger, LOGIN, **known).status_code in (302, 303)


def test_the_case_of_an_address_does_not_matter(
    stranger: httpx.Client, administrator: dict[str, str]
) -> None:
    known = administrator
    assert send(stranger, LOGIN, **known | {"email": known["email"].upper()}).is_redirect


@pytest.mark.parametrize("typed", [{}, {"email": "", "password": ""}, {"email": "nobody"}])
def test_what_is_missing(stranger: httpx.Client, typed: dict[str, str]) -> None:
    response = send(stranger, LOGIN, **typed)
    assert response.status_code == 422
    assert Page(response.text).one("section", role="alert").text.strip()
    assert not is_logged_in(stranger)


def test_cookies_of_a_session(stranger: httpx.Client, administrator: dict[str, str]) -> None:
    response = send(stranger, LOGIN, **administrator)
    cookies = response.headers.get_list("Set-Cookie")
    assert cookies
    for cookie in cookies:
        assert "SameSite=Lax" in cookie
        assert "Path=/" in cookie
    (session,) = (cookie for cookie in cookies if "session" in cookie.partition("=")[0])
    assert "HttpOnly" in session


def test_log_out(new_browser: NewBrowser, session: Session) -> None:
    browser = new_browser()
    session.end()
    assert browser.get(LOGOUT).status_code == 405
    assert browser.post(LOGOUT).status_code == 403
    assert is_logged_in(browser)
    page = Page(browser.get(PASSWORD).text)
    form = page.one("form", action=LOGOUT)
    response = browser.post(form["action"], data=page.typed())
    assert response.status_code in (302, 303)
    assert not is_logged_in(browser)


def test_too_many_wrong_passwords(stranger: httpx.Client, administrator: dict[str, str]) -> None:
    email = nobody()
    for _ in range(5):
        response = send(stranger, LOGIN, email=email, password="not the password")
        assert response.status_code == 422
    for tried in (email, f" {email.upper()} "):
        response = send(stranger, LOGIN, email=tried, password="not the password")
        assert response.status_code == 429
        assert 14 * 60 < int(response.headers["Retry-After"]) <= 15 * 60
        assert "Too many attempts. Try again in 15 minutes." in Page(response.text).text
    problem = stranger.post(
        LOGIN,
        data=Page(stranger.get(LOGIN).text).typed() | {"email": email, "password": "x"},
        headers={"Accept": "application/json"},
    )
    assert problem.status_code == 429
    assert problem.json()["detail"] == "Too many attempts. Try again in 15 minutes."
    assert send(stranger, LOGIN, **administrator).status_code in (302, 303)


@pytest.mark.parametrize(
    ("old", "new", "again", "faulty"),
    [
        ("not the password", "a new password", "a new password", ["password"]),
        ("", "a new password", "a new password", ["password"]),
        (None, "short one", "short one", ["new_password"]),
        (None, "a new password", "another password", ["new_password_confirm"]),
        (None, "", "", ["new_password"]),
    ],
)
def test_faults_of_a_new_password(
    *,
    browser: httpx.Client,
    old: str | None,
    new: str,
    again: str,
    faulty: list[str],
    administrator: dict[str, str],
) -> None:
    given = administrator["password"] if old is None else old
    typed = {"password": given, "new_password": new, "new_password_confirm": again}
    response = send(browser, PASSWORD, **typed)
    assert response.status_code == 422
    page = Page(response.text)
    assert set(faulty) <= set(errors_of(page)) <= {*faulty, "new_password_confirm"}
    for name in typed:
        assert page.one("input", name=name)["type"] == "password"
        assert not page.one("input", name=name).attributes.get("value")
    assert is_logged_in(browser)

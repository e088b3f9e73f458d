"""Logs in and makes tokens as a browser does."""

import httpx

from .page import Page


def log_in(client: httpx.Client, email: str, password: str) -> None:
    """Start a session."""
    typed = _typed(client, "/accounts/login")
    response = client.post("/accounts/login", data=typed | {"email": email, "password": password})
    assert response.status_code in (302, 303), Page(response.text).text


def new_token(client: httpx.Client, name: str) -> str:
    """A token of the account that is logged in."""
    typed = _typed(client, "/accounts/tokens")
    response = client.post("/accounts/tokens", data=typed | {"name": name})
    assert response.status_code == 200, Page(response.text).text
    return Page(response.text).one("code", id="token").text


def _typed(client: httpx.Client, path: str) -> dict[str, str]:
    response = client.get(path)
    assert response.status_code == 200, response.text
    return Page(response.text).typed()

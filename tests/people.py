"""A person with a browser, as far as HTTP goes: cookies, forms, and the token made on a page."""

import html
import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Self

from .helpers import need, run

EMAIL, PASSWORD = "ada@example.com", "a right long password"
TOKEN = re.compile(r'<code id="token">([^<]+)</code>')


def make_admin(project: Path, **settings: str) -> None:
    """The first account, by the command that README names."""
    command = ("run", "manage", "create-admin", "--email", EMAIL)
    run(project, need("uv"), *command, ADMIN_PASSWORD=PASSWORD, **settings)


class Person:
    """Keeps cookies; every form is sent with the hidden fields that its page holds."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(jar)

    def get(self, path: str, content: dict[str, str] | None = None) -> tuple[int, str]:
        """The status and the text of a page, after redirects; `content` is posted as a form."""
        data = urllib.parse.urlencode(content).encode() if content is not None else None
        request = urllib.request.Request(  # noqa: S310
            self.address + path, data, headers={"Accept": "text/html"}
        )
        try:
            with self.opener.open(request, timeout=60) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def styles(self, path: str) -> list[str]:
        """The addresses of the style sheets of a page."""
        return re.findall(r'<link rel="stylesheet" href="([^"]+)"', self.get(path)[1])

    def send(self, path: str, **fields: str) -> tuple[int, str]:
        """Fill in the form of a page, and send it."""
        _, page = self.get(path)
        hidden = {}
        for tag in re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", page):
            name, value = (re.search(rf"{key}=\"([^\"]*)\"", tag) for key in ("name", "value"))
            if name:
                hidden[name[1]] = html.unescape(value[1]) if value else ""
        return self.get(path, hidden | fields)

    def logged_in(self, email: str = EMAIL, password: str = PASSWORD) -> Self:
        status, page = self.send("/accounts/login", email=email, password=password)
        assert status == 200, page
        return self

    def token(self) -> str:
        """A new API token."""
        status, page = self.send("/accounts/tokens", name="tests")
        found = TOKEN.search(page)
        assert status == 200, page
        assert found, page
        return found[1]

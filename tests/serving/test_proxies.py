"""What proxies in front say of who calls, and how."""

from collections.abc import Iterable
from typing import Any

import pytest
from modeldesk.serving.middleware import Gateway
from modeldesk.serving.settings import Settings


def seen(proxies: int, **headers: str) -> tuple[str, str]:
    """The scheme and the address that the application takes a request to have."""
    found: list[dict[str, Any]] = []

    def app(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        found.append(environ)
        start("200 OK", [])
        return []

    environ = {"PATH_INFO": "/", "REQUEST_METHOD": "GET", "HTTP_HOST": "localhost"}
    environ |= {"REMOTE_ADDR": "10.0.0.1", "wsgi.url_scheme": "http"}
    environ |= {f"HTTP_X_FORWARDED_{name.upper()}": text for name, text in headers.items()}
    Gateway(app, Settings.model_validate({"proxies": proxies}))(environ, lambda *_: None)
    return found[0]["wsgi.url_scheme"], found[0]["REMOTE_ADDR"]


@pytest.mark.parametrize(
    ("proxies", "said", "scheme"),
    [
        (0, "https", "http"),
        (1, "https", "https"),
        (1, "HTTPS", "https"),
        (1, " https ", "https"),
        (1, "https, http", "http"),  # the last word, that of our own
        (1, "http,https", "https"),
        (2, "https", "https"),  # the inner one passes on what the outer one said
        (2, "https,http", "https"),
        (2, "http, https,http", "https"),
        (2, "https, http, http", "http"),  # the first word is that of the caller
        (1, "ftp", "http"),
        (2, "", "http"),
    ],
)
def test_schemes(proxies: int, said: str, scheme: str) -> None:
    assert seen(proxies, proto=said)[0] == scheme


@pytest.mark.parametrize(
    ("proxies", "said", "address"),
    [
        (0, "1.2.3.4", "10.0.0.1"),
        (1, "1.2.3.4", "1.2.3.4"),
        (1, "9.9.9.9, 1.2.3.4", "1.2.3.4"),
        (2, "1.2.3.4, 10.0.0.2", "1.2.3.4"),
        (2, "1.2.3.4", "10.0.0.1"),  # which may be the word of the caller
    ],
)
def test_addresses(proxies: int, said: str, address: str) -> None:
    assert seen(proxies, **{"for": said})[1] == address

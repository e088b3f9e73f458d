"""What proxies in front say of who calls, and how."""

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from smtplib import SMTPAuthenticationError, SMTPNotSupportedError
from typing import Any

import pytest
from modeldesk.serving import prefix
from modeldesk.serving.doctor import Check, examine
from modeldesk.serving.middleware import Gateway
from modeldesk.serving.once import Once
from modeldesk.serving.settings import Settings

from ..helpers import REPO, blocks

SECRET = "a secret that only the tests of this project know of"
PRODUCTION = {"app_env": "production", "secret_key": SECRET, "allowed_hosts": "wine.example"}
PRODUCTION |= {"database_url": "sqlite:///data/app.db"}
COOKIES = [("Set-Cookie", "a=b; Path=/; Secure"), ("Set-Cookie", "c=d; path=/"), ("X-Path", "/")]
Headers = list[tuple[str, str]]

pytestmark = pytest.mark.usefixtures("nobody_asks")  # whose folder has the database


@dataclass
class Asked:
    """What the application was asked, if it was, and what was answered."""

    environ: dict[str, Any] = field(default_factory=dict)
    status: str = ""
    headers: Headers = field(default_factory=list)

    @property
    def caller(self) -> tuple[str, str]:
        return self.environ["wsgi.url_scheme"], self.environ["REMOTE_ADDR"]

    @property
    def place(self) -> tuple[str, str]:
        return self.environ["SCRIPT_NAME"], self.environ["PATH_INFO"]


def ask(settings: Settings, path: str = "/", script_name: str = "", **headers: str) -> Asked:
    """Ask the gateway as a server does."""
    found = Asked()

    def app(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        found.environ = environ
        start("200 OK", list(COOKIES))
        return []

    def start(status: str, headers: Headers, exc_info: Any = None) -> None:
        found.status, found.headers = status, headers

    environ = {"PATH_INFO": path, "SCRIPT_NAME": script_name, "REQUEST_METHOD": "GET"}
    environ |= {"HTTP_HOST": "localhost", "REMOTE_ADDR": "10.0.0.1", "wsgi.url_scheme": "http"}
    environ |= {f"HTTP_{name.upper()}": text for name, text in headers.items()}
    Gateway(app, settings)(environ, start)
    return found


def seen(proxies: int, **headers: str) -> tuple[str, str]:
    """The scheme and the address that the application takes a request to have."""
    named = {f"X_Forwarded_{name}": text for name, text in headers.items()}
    return ask(Settings.model_validate({"proxies": proxies}), **named).caller


@pytest.mark.parametrize(
    ("hosts", "name"), [("wine.example,b.example", "wine.example"), (".b.example", "b.example")]
)
def test_a_platform_may_call_by_an_address(hosts: str, name: str) -> None:
    settings = Settings.model_validate({"allowed_hosts": hosts})
    assert ask(settings, "/healthz", host="10.0.0.1:8000").environ["HTTP_HOST"] == name
    assert ask(settings, "/docs", host="10.0.0.1:8000").environ["HTTP_HOST"] == "10.0.0.1:8000"


def test_a_platform_may_call_where_any_host_is_allowed() -> None:
    settings = Settings.model_validate({"allowed_hosts": "*"})
    assert ask(settings, "/healthz", host="10.0.0.1").environ["HTTP_HOST"] == "localhost"


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
        (1, "1.2.3.4:50112", "1.2.3.4"),
        (1, "[2001:db8::1]:50112", "2001:db8::1"),
        (1, "[2001:db8::1]", "2001:db8::1"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "unknown", "unknown"),
    ],
)
def test_addresses(proxies: int, said: str, address: str) -> None:
    assert seen(proxies, **{"for": said})[1] == address


# What each sends by its documentation, of a caller at 1.2.3.4 who is at https://wine.example, with
# the settings that docs/around.md names.
SET_UPS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "nginx": (
        {"proxies": 1},
        {"host": "wine.example", "x_forwarded_for": "1.2.3.4", "x_forwarded_proto": "https"},
    ),
    "Caddy": (
        {"proxies": 1},
        {
            "host": "wine.example",
            "x_forwarded_for": "1.2.3.4",
            "x_forwarded_proto": "https",
            "x_forwarded_host": "wine.example",
            "via": "2.0 Caddy",
        },
    ),
    "Traefik": (
        {"proxies": 1},
        {
            "host": "wine.example",
            "x_forwarded_for": "1.2.3.4",
            "x_forwarded_host": "wine.example",
            "x_forwarded_port": "443",
            "x_forwarded_proto": "https",
            "x_forwarded_server": "traefik",
            "x_real_ip": "1.2.3.4",
        },
    ),
    "Traefik that takes a path away": (
        {"proxies": 1, "path_prefix": "/wine"},
        {
            "host": "wine.example",
            "x_forwarded_for": "1.2.3.4",
            "x_forwarded_prefix": "/wine",
            "x_forwarded_proto": "https",
        },
    ),
    "a balancer of AWS": (
        {"proxies": 1},
        {
            "host": "wine.example",
            "x_amzn_trace_id": "Root=1-67891233-abcdef012345678912345678",
            "x_forwarded_for": "9.9.9.9, 1.2.3.4",  # the first is a word of the caller
            "x_forwarded_port": "443",
            "x_forwarded_proto": "https",
        },
    ),
    "a balancer of Google": (
        {"proxies": 2},  # it adds its own address to that of the caller
        {
            "host": "wine.example",
            "via": "1.1 google",
            "x_forwarded_for": "9.9.9.9, 1.2.3.4,34.1.2.3",
            "x_forwarded_proto": "https",
        },
    ),
    "a balancer and an nginx that passes on what it said": (
        {"proxies": 2},
        {
            "host": "wine.example",
            "x_forwarded_for": "1.2.3.4, 10.0.0.2",
            "x_forwarded_proto": "https",
        },
    ),
    "a gateway of Azure": (
        {"proxies": 1},
        {
            "host": "wine.example",
            "x_forwarded_for": "1.2.3.4:50112",
            "x_forwarded_port": "443",
            "x_forwarded_proto": "https",
            "x_original_host": "wine.example",
        },
    ),
    "two that add to it": (
        {"proxies": 2},
        {
            "host": "wine.example",
            "x_forwarded_for": "1.2.3.4, 10.0.0.2",
            "x_forwarded_proto": "https, http",
        },
    ),
}


@pytest.mark.parametrize("name", SET_UPS)
def test_set_ups(name: str, caplog: pytest.LogCaptureFixture) -> None:
    given, headers = SET_UPS[name]
    asked = ask(Settings.model_validate(PRODUCTION | given), **headers)
    assert asked.caller == ("https", "1.2.3.4")
    assert "Strict-Transport-Security" in dict(asked.headers)
    assert not caplog.records


def test_plain_http_is_taken_behind_proxies_where_it_is_said() -> None:
    plain = PRODUCTION | {"proxies": 1, "plain_http": True}
    headers = {"x_forwarded_for": "1.2.3.4", "x_forwarded_proto": "http"}
    asked = ask(Settings.model_validate(plain), path="/api/v1/predict", **headers)
    assert asked.caller == ("http", "1.2.3.4")
    assert "Strict-Transport-Security" not in dict(asked.headers)


def at(prefix: str = "") -> Settings:
    return Settings.model_validate({"path_prefix": prefix})


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("/wine/docs", "/docs"),
        ("/docs", "/docs"),  # a proxy took it away, or a platform asks
        ("/wine/", "/"),
        ("/wine", "/"),
        ("/winery", "/winery"),
        ("/wine/wine", "/wine"),
    ],
)
def test_a_path_is_taken_away_once(path: str, inside: str) -> None:
    assert ask(at("/wine"), path).place == ("/wine", inside)
    assert ask(at(), path).place == ("", path)


def test_a_server_may_have_taken_it_away() -> None:
    assert ask(at("/wine"), "/docs", "/wine").place == ("/wine", "/docs")
    assert ask(at(), "/docs", "/wine").place == ("/wine", "/docs")


def test_cookies_are_for_the_path() -> None:
    below = ["a=b; Path=/wine; Secure", "c=d; Path=/wine", "/"]
    assert [text for _, text in ask(at("/wine")).headers[:3]] == below
    assert ask(at()).headers[:3] == COOKIES
    assert at("/wine").cookie_name("session") != at().cookie_name("session")


def test_what_a_caller_says_of_the_path_is_only_told_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prefix, "_told", Once(prefix.MOST_TOLD))
    for said in ("/wine", "/wine/", *[f"//evil{number}.example" for number in range(20)]):
        assert ask(at(), x_forwarded_prefix=said).place == ("", "/")
    told = [record.getMessage() for record in caplog.records]
    assert "set PATH_PREFIX to it" in told[0]
    assert "below '/wine'" in told[0]
    assert len(told) == prefix.MOST_TOLD
    with caplog.at_level(logging.WARNING):
        caplog.clear()
        assert ask(at("/wine"), x_forwarded_prefix="/wine/").place == ("/wine", "/")
        assert not caplog.records


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({}, "Set PROXIES to the number of proxies in front"),
        ({"proxies": 1}, ""),
        ({"plain_http": True}, ""),
        ({"plain_http": True, "proxies": 1}, ""),
    ],
)
def test_doctor_tells_that_no_form_could_be_sent(given: dict[str, Any], fault: str) -> None:
    def looked_at(**options: Any) -> dict[str, Check]:
        settings = Settings.model_validate(PRODUCTION | given)
        return {one.name: one for one in examine(settings, "127.0.0.1", 0, **options)}

    assert fault in (looked_at(has_forms=True)["https"].fault or "")
    assert bool(looked_at(has_forms=True)["https"].fault) == bool(fault)
    assert "https" not in looked_at(has_forms=False)


class MailServer:
    """Stands in for the connection to one, which says this of a log-in."""

    def __init__(self, fault: OSError | None) -> None:
        self.fault = fault

    def open(self) -> None:
        if self.fault:
            raise self.fault

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (None, ""),
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (TimeoutError("timed out"), "timed out"),
        (SMTPAuthenticationError(535, b"5.7.8 no such\r\nuser"), "535 5.7.8 no such user"),
        (SMTPNotSupportedError("STARTTLS extension not supported by server."), "STARTTLS exten"),
    ],
)
def test_doctor_tells_that_no_mail_could_be_sent(fault: OSError | None, says: str) -> None:
    given = PRODUCTION | {"mail_url": "smtp://user:unsaid@mail.example.com"}
    checks = examine(Settings.model_validate(given), "127.0.0.1", 0, mail=lambda: MailServer(fault))
    (mail,) = (one for one in checks if one.name == "mail")
    assert (mail.fault or "").startswith(says and f"mail.example.com:587 takes no mails: {says}")
    assert bool(mail.fault) == bool(says)
    assert "unsaid" not in str(mail)


def test_the_documented_nginx_is_the_one_that_is_tried() -> None:
    (documented,) = [text for language, text in blocks("docs/around.md") if language == "nginx"]
    (tried,) = (REPO / "tests/inside/common").glob("*nginx.py*")
    lines = re.findall("proxy_set_header[^;]+;", documented)
    assert lines == re.findall("proxy_set_header[^;]+;", tried.read_text("utf-8"))

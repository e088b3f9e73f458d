"""The plugin in a pytest of its own: what it leaves out, what it refuses, and what it says."""

import functools
import http.server
import json
import threading
from collections.abc import Iterator

import pytest

pytest_plugins = ["pytester"]
OPTIONS = ("-p", "no:xdist", "-p", "no:cacheprovider")
CONTRACT = ("--pyargs", "modeldesk.testing.contract", *OPTIONS)
OF_PARTS = {
    "auth": ["/accounts/register", "/accounts/reset", "/accounts/tokens"],
    "admin": ["/admin/", "/admin/monitor"],
    "forms": ["/predictions/", "/row", "/rows", "/model"],
}
OF_ACCOUNTS = ["/accounts/login", "/accounts/password"]
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Request-ID": "one",
    "Content-Type": "text/html",
}
PAGE = (
    '<!doctype html><html lang="en"><head><title>A</title>'
    '<meta name="viewport" content="width=device-width"></head>'
    "<body><main><h1>A</h1></main></body></html>"
)


class Hollow(http.server.BaseHTTPRequestHandler):
    """Has these addresses, and nothing behind them."""

    def __init__(self, *arguments: object, addresses: set[str]) -> None:
        self.addresses = addresses
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        described = self.path == "/openapi.json"
        security: dict[str, object] = (
            {"securitySchemes": {}} if "/accounts/tokens" in self.addresses else {}
        )
        document = {"paths": {}, "components": security}
        self.send_response(200 if described or self.path in self.addresses else 404)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write((json.dumps(document) if described else PAGE).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def hollow(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a service that has these parts, as far as one sees."""
    addresses = {path for part in request.param for path in OF_PARTS[part]}
    if {"auth", "admin"} & set(request.param):
        addresses.update(OF_ACCOUNTS)
    handler = functools.partial(Hollow, addresses=addresses)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def nobody_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONTRACT_EMAIL", "CONTRACT_PASSWORD"):
        monkeypatch.delenv(name, raising=False)


def collected(pytester: pytest.Pytester, parts: str) -> set[str]:
    """The modules of the contract whose tests are not left out."""
    pytester.makepyprojecttoml(f"[tool.pytest.ini_options]\nmodeldesk_parts = {parts}")
    result = pytester.runpytest_subprocess("--collect-only", "-q", *CONTRACT)
    assert result.ret == 0
    return {line.partition("::")[0].rpartition("/")[2] for line in result.outlines if "::" in line}


def test_parts_that_were_not_chosen_are_left_out(pytester: pytest.Pytester) -> None:
    everything = collected(pytester, '["auth", "admin", "forms"]')
    forms = {"test_model_page.py", "test_pages.py", "test_rows.py"}
    of_accounts = {"test_accounts.py", "test_signup.py", "test_tokens.py"}
    assert collected(pytester, '["forms"]') == everything - of_accounts - {"test_staff.py"}
    assert collected(pytester, '["auth"]') == everything - forms - {"test_staff.py"}
    only_admin = everything - forms - {"test_signup.py", "test_tokens.py"}
    assert collected(pytester, '["admin"]') == only_admin
    none = collected(pytester, "[]")
    assert none == everything - forms - of_accounts - {"test_staff.py"}
    assert "test_parts.py" in none


def test_a_part_there_is_not(pytester: pytest.Pytester) -> None:
    pytester.makepyprojecttoml('[tool.pytest.ini_options]\nmodeldesk_parts = ["form"]')
    result = pytester.runpytest_subprocess(*CONTRACT)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*modeldesk_parts: form; there are only auth, admin, forms."])


@pytest.mark.parametrize(
    ("hollow", "stated", "wrong"),
    [
        (["forms"], ["forms"], 0),
        ([], [], 0),
        (["auth", "admin", "forms"], ["auth", "admin", "forms"], 0),
        ([], ["forms"], 1),
        (["forms"], [], 1),
        (["forms"], ["admin", "forms"], 2),  # the admin, and the accounts of its staff
        (["auth"], [], 3),  # and the API asks for a token
    ],
    indirect=["hollow"],
)
def test_what_is_stated_is_held_against_the_service(
    *,
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    hollow: str,
    stated: list[str],
    wrong: int,
) -> None:
    monkeypatch.setenv("CONTRACT_EMAIL", "admin@example.com")
    monkeypatch.setenv("CONTRACT_PASSWORD", "unsaid")
    pytester.makepyprojecttoml(f"[tool.pytest.ini_options]\nmodeldesk_parts = {json.dumps(stated)}")
    result = pytester.runpytest_subprocess("--base-url", hollow, "-k", "test_parts", *CONTRACT)
    result.assert_outcomes(passed=5 - wrong, failed=wrong, deselected=None)


@pytest.mark.parametrize("hollow", [[]], indirect=True)
def test_parts_that_do_not_show_are_skipped_where_nobody_states_them(
    pytester: pytest.Pytester, hollow: str
) -> None:
    asked = ("--base-url", f"{hollow}/", "-k", "test_a_slash_may_be_left_out", "-rs")
    result = pytester.runpytest_subprocess(*asked, *CONTRACT)
    result.assert_outcomes(skipped=1, deselected=None)
    result.stdout.fnmatch_lines(["*this service shows no forms"])


@pytest.mark.parametrize("hollow", [["admin"]], indirect=True)
def test_an_account_is_asked_for(pytester: pytest.Pytester, hollow: str) -> None:
    result = pytester.runpytest_subprocess("--base-url", hollow, "-k", "test_parts", *CONTRACT)
    result.assert_outcomes(errors=5, deselected=None)
    result.stdout.fnmatch_lines(["*Set CONTRACT_EMAIL and CONTRACT_PASSWORD to those of an *"])


def test_where_no_service_is(pytester: pytest.Pytester) -> None:
    asked = ("--base-url", "http://127.0.0.1:1", "-k", "test_parts")
    result = pytester.runpytest_subprocess(*asked, *CONTRACT)
    result.assert_outcomes(errors=5, deselected=None)
    result.stdout.fnmatch_lines(["There is no service at http://127.0.0.1:1: *."])


def test_one_service_is_not_asked_by_several_workers(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess("-n", "2", "--base-url", "http://127.0.0.1:1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*leave it out."])


def test_what_asks_for_a_database_is_marked(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_one(service): ...
        def test_two(): ...
        """
    )
    for options in ((), ("--base-url", "http://127.0.0.1:1")):
        arguments = ("--collect-only", "-q", "-m", "database", *options, *OPTIONS)
        found = pytester.runpytest_subprocess(*arguments).outlines
        assert any("test_one" in line for line in found) is not bool(options)
        assert not any("test_two" in line for line in found)

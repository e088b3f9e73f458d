"""Lines of the access log are those that the formatter of all others would write."""

import logging

import pytest
from modeldesk.serving.logs import JsonLines, NoSecrets, hidden, logging_config
from pythonjsonlogger.json import JsonFormatter

OPTIONS = {
    name: value
    for name, value in logging_config(json=True)["formatters"]["default"].items()
    if name != "()"
}


@pytest.mark.parametrize("path", ["/api/v1/predict", '/"é\\', "/\u2028\ud800\n", "/%s %d"])
def test_a_line_of_the_access_log_is_as_of_any_other(path: str) -> None:
    said = ("POST", path, "200", 1.25)
    record = logging.LogRecord("access", logging.INFO, "", 0, "%s %s %s %.1f ms", said, None)
    record.request_id = "a.b:c-d_1"
    straight = JsonLines(OPTIONS["format"], rename_fields=OPTIONS["rename_fields"])
    usual = JsonFormatter(OPTIONS["format"], rename_fields=OPTIONS["rename_fields"])
    assert straight.format(record) == usual.format(record)
    record.created += 1
    assert straight.format(record) == usual.format(record)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/accounts/confirm/a.b-c_d", "/accounts/confirm/..."),
        ("/accounts/reset/a/b", "/accounts/reset/..."),
        (
            "GET /wine/accounts/reset/a.b?next=/ HTTP/1.1",
            "GET /wine/accounts/reset/...?next=/ HTTP/1.1",
        ),
        ("/accounts/reset", "/accounts/reset"),
        ("/accounts/tokens/1/revoke", "/accounts/tokens/1/revoke"),
        ("/api/v1/predict", "/api/v1/predict"),
    ],
)
def test_secrets_of_addresses_are_hidden(text: str, told: str) -> None:
    """Also from what a framework says of a request that failed."""
    assert hidden(text) == told
    said = (text, 500)
    record = logging.LogRecord("django.request", logging.ERROR, "", 0, "%s: %s", said, None)
    assert NoSecrets().filter(record)
    assert record.getMessage() == f"{told}: 500"

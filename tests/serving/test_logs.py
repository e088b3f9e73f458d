"""Lines of the access log are those that the formatter of all others would write."""

import logging

import pytest
from modeldesk.serving.logs import JsonLines, logging_config
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

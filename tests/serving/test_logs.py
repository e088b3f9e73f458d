"""Lines of the access log are those that the formatter of all others would write."""

import logging
from collections.abc import Iterator
from io import StringIO
from threading import Event, Thread

import pytest
from modeldesk.serving import logs
from modeldesk.serving.logs import JsonLines, Lines, NoSecrets, hidden, logging_config
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


class Stream(StringIO):
    """Keeps what it is given at once apart; takes it once it may."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.is_written, self.may_go_on = Event(), Event()
        self.may_go_on.set()

    def write(self, text: str) -> int:
        self.parts.append(text)
        self.is_written.set()
        assert self.may_go_on.wait(20)
        return len(text)


@pytest.fixture
def lines() -> Iterator[tuple[logging.Logger, Stream]]:
    """A logger of lines alone, and where these go."""
    logger, handler, stream = logging.Logger("lines"), Lines(), Stream()
    handler.setStream(stream)
    logger.addHandler(handler)
    yield logger, stream
    handler.close()


def test_lines_are_written_together_and_in_their_order(
    lines: tuple[logging.Logger, Stream], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "MOMENT", 60)
    logger, stream = lines
    for number in range(3):
        logger.info("line %d", number)
    assert not stream.parts
    logger.warning("is written at once")
    assert stream.parts == ["line 0\nline 1\nline 2\nis written at once\n"]
    logger.info("the last one")
    logger.handlers[0].flush()  # as at the end of a process
    assert stream.parts[1:] == ["the last one\n"]


def test_a_line_is_written_a_moment_later(lines: tuple[logging.Logger, Stream]) -> None:
    logger, stream = lines
    for _ in range(2):
        logger.info("told")
        assert stream.is_written.wait(20)
        stream.is_written.clear()
    assert stream.parts == ["told\n"] * 2


def test_a_warning_waits_for_what_is_being_written(lines: tuple[logging.Logger, Stream]) -> None:
    logger, stream = lines
    stream.may_go_on.clear()
    logger.info("told")
    assert stream.is_written.wait(20)
    warned = Thread(target=logger.warning, args=("warned",), daemon=True)
    warned.start()
    lock = logger.handlers[0].lock
    assert lock
    while lock.acquire(blocking=False):  # until it is amid its warning
        lock.release()
    stream.may_go_on.set()
    warned.join(20)
    assert not warned.is_alive()
    assert stream.parts == ["told\n", "warned\n"]


def test_a_pipe_takes_whole_lines_and_not_too_many_wait(
    lines: tuple[logging.Logger, Stream], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "MOMENT", 60)
    monkeypatch.setattr(logs, "MOST", 100)
    logger, stream = lines
    for number in range(101):
        logger.info("%d %s", number, "é\ud800" * 20)
    assert len(stream.parts) > 1
    assert all(len(part.encode(errors="backslashreplace")) <= logs.PIPE for part in stream.parts)
    assert [part[-1] for part in stream.parts] == ["\n"] * len(stream.parts)
    assert [line.split()[0] for line in "".join(stream.parts).splitlines()] == [
        str(number) for number in range(101)
    ]

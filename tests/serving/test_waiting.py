"""A service whose model answers otherwise than where it was made says so, and serves nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from modeldesk.ml.artifact import ArtifactError, ChangedAnswers
from modeldesk.serving.waiting import Waiting

REASON = "It was made with onnxruntime 1.32.0, and here is onnxruntime 1.26.0."


def inner(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", [])
    return [b"served"]


def ask(app: Waiting, path: str) -> tuple[str, bytes]:
    told: list[str] = []
    (body,) = app({"PATH_INFO": path}, lambda status, headers: told.append(status))
    return told[0], body


def test_nothing_is_served_until_the_model_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = [ChangedAnswers(REASON), ChangedAnswers(REASON)]

    def start() -> None:
        if faults:
            raise faults.pop()

    app = Waiting(inner, start, tmp_path)
    assert ask(app, "/healthz") == ("200 OK", b'{"status":"alive"}')
    for path in ("/readyz", "/api/v1/predict", "/"):
        status, body = ask(app, path)
        assert status == "503 Service Unavailable"
        assert json.loads(body)["detail"] == REASON
    assert len(faults) == 1  # it has not been tried at each request
    (tmp_path / "current").write_text("another")
    assert ask(app, "/readyz")[0] == "503 Service Unavailable"
    assert not faults
    monkeypatch.setattr("time.monotonic", lambda: float("inf"))
    assert ask(app, "/readyz") == ("200 OK", b"served")


def test_what_else_is_wrong_stops_the_start(tmp_path: Path) -> None:
    def start() -> None:
        raise ArtifactError("There is no model.")

    with pytest.raises(ArtifactError):
        Waiting(inner, start, tmp_path)

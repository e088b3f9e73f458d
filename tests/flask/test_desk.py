"""The extension on an application without any other."""

from pathlib import Path

import pytest
from flask import Flask
from modeldesk.flask import ModelDesk
from modeldesk.serving.settings import Settings


def status(host: str) -> int:
    """Of a request for what is not there, at this host."""
    app = Flask(__name__)
    ModelDesk("Wine", Settings).init_app(app)
    return app.test_client().get("/none", headers={"Host": host}).status_code


def test_hosts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("ALLOWED_HOSTS", "wine.example:8000,.prices.example")
    for host in ("wine.example", "wine.example:80", "prices.example", "a.prices.example"):
        assert status(host) == 404
    assert status("localhost") == 400
    monkeypatch.setenv("ALLOWED_HOSTS", "*")
    assert status("any.example:8000") == 404

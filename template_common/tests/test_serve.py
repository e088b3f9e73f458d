"""The server: what it prepares and refuses, how it logs, counts and stops."""

import contextlib
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from package import ml

from .conftest import empty_project
from .framework import MIGRATE
from .running import PRODUCTION, Server, database_url, environment, manage, serving

HEAVY = ["joblib", "onnx", "pandas", "pyarrow", "scipy", "skl2onnx", "sklearn", "skops"]
ASKED_TO_STOP = pytest.mark.skipif(os.name == "nt", reason="Windows can only end a process")


def post(server: Server, path: str, content: Any, **headers: str) -> httpx.Response:
    return httpx.post(f"{server.url}{path}", json=content, headers=headers, timeout=60)


def example(server: Server) -> dict[str, Any]:
    """An instance that the model takes."""
    features = httpx.get(f"{server.url}/api/v1/model").json()["features"]
    return {feature["name"]: feature["example"] for feature in features}


def rows(database: Path) -> int:
    """How many predictions are in an SQLite file."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM predictions").fetchone()
    return int(count)


@pytest.fixture(scope="module")
def production(
    small_regression: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Two workers in production."""
    folder = empty_project(tmp_path_factory.mktemp("production"))
    settings = PRODUCTION | {
        "ARTIFACTS_DIR": str(small_regression),
        "DATABASE_URL": database_url(folder),
    }
    migrated = manage(folder, *MIGRATE, **settings)
    assert migrated.returncode == 0, migrated.stderr
    with serving(folder, "--workers", "2", **settings) as server:
        yield server


def test_the_metrics_of_all_workers_add_up(production: Server) -> None:
    instance = example(production)
    for _ in range(30):  # each on a connection of its own, so that both workers get some
        assert post(production, "/api/v1/predict", {"instances": [instance]}).status_code == 200
    for _ in range(10):
        told = httpx.get(f"{production.url}/metrics").text
        (line,) = (line for line in told.splitlines() if line.startswith("predictions_total{"))
        assert float(line.rpartition(" ")[2]) == 30


def test_logs_of_production_are_json(production: Server) -> None:
    httpx.get(f"{production.url}/%0aforged%22", headers={"X-Request-ID": "order-4711"})
    httpx.get(f"{production.url}/healthz", headers={"X-Request-ID": "order-4712"})
    lines = production.err.read_text("utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    assert all({"time", "level", "logger", "message"} <= set(entry) for entry in entries)
    told = {entry["request_id"]: entry["message"] for entry in entries if "order-47" in str(entry)}
    assert told["order-4711"].startswith('GET /\nforged" 404 ')
    assert told["order-4712"].startswith("GET /healthz 200 ")


def test_feedback_of_a_regression(production: Server) -> None:
    answer = post(production, "/api/v1/predict", {"instances": [example(production)]}).json()
    address = f"/api/v1/predictions/{answer['predictions'][0]['id']}/feedback"
    for wrong in ("12", True, None, 1e300, [1]):
        assert post(production, address, {"actual": wrong}).status_code == 422
    kept = post(production, address, {"actual": 0.1, "comment": "late"})
    assert kept.json()["feedback"]["actual"] == 0.1
    assert "probabilities" not in kept.json()


def test_production_tells_nothing_and_secures_cookies(production: Server) -> None:
    browser = {"Accept": "text/html"}
    for path in ("/", "/docs", "/none"):
        response = httpx.get(f"{production.url}{path}", headers=browser)
        assert "Traceback" not in response.text
        for cookie in response.headers.get_list("Set-Cookie"):
            assert "Secure" in cookie
            assert "SameSite=Lax" in cookie


@contextlib.contextmanager
def database_of(server: Server) -> Iterator[sqlite3.Connection]:
    """The database of a server, behind its back."""
    path = server.err.with_name("test.db")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def test_an_unexpected_error(production: Server) -> None:
    answer = post(production, "/api/v1/predict", {"instances": [example(production)]}).json()
    record_id = answer["predictions"][0]["id"]
    with database_of(production) as database:
        database.execute("UPDATE predictions SET created_at = 'never' WHERE id = ?", [record_id])
        headers = {"X-Request-ID": "broken-1", "Accept": "text/html"}
        address = f"{production.url}/api/v1/predictions/{record_id}"
        response = httpx.get(address, headers=headers)
        database.execute("DELETE FROM predictions WHERE id = ?", [record_id])
    assert response.status_code == 500
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["request_id"] == "broken-1"
    assert response.json()["errors"] == []
    lines = production.err.read_text("utf-8").splitlines()
    assert any("broken-1" in line and "Traceback" in line for line in lines)


def test_a_database_that_fails_for_a_while(production: Server) -> None:
    content = {"instances": [example(production)]}
    browser = {"Accept": "text/html"}
    with database_of(production) as database:
        database.execute("ALTER TABLE predictions RENAME TO away")
        refused = post(production, "/api/v1/predict", content)
        page = httpx.get(f"{production.url}/predictions/", headers=browser)
        database.execute("ALTER TABLE away RENAME TO predictions")
    assert refused.status_code == 503
    assert refused.headers["Retry-After"] == "5"
    assert refused.json()["errors"][0]["loc"] == ["database"]
    assert page.status_code in (503, 404)  # there may be no forms
    assert post(production, "/api/v1/predict", content).status_code == 200


def test_the_first_start_prepares_everything(folder: Path, small_model: Path) -> None:
    shutil.copytree(small_model, folder / "artifacts")
    with serving(folder, "--workers", "1") as server:
        text = server.out.read_text("utf-8")
        assert "Wrote a new SECRET_KEY to .env" in text
        assert "Setting up the database" in text
        assert f"Serving on {server.url}" in text
        secret = (folder / ".env").read_text("utf-8")
        assert secret.startswith("SECRET_KEY=")
        post(server, "/api/v1/predict", {"instances": [example(server)]})
        # What is acknowledged is committed: another process sees it at once.
        assert rows(folder / "data" / "app.db") == 1
    # The next start finds it all, and an answer may come before its row is written.
    with serving(folder, "--workers", "1", PREDICTION_LOG="buffered") as server:
        assert server.out.read_text("utf-8") == f"Serving on {server.url}\n"
        assert (folder / ".env").read_text("utf-8") == secret
        instances = [example(server)] * 100
        assert post(server, "/api/v1/predict", {"instances": instances}).status_code == 200
        server.stop()
    if os.name == "posix":  # elsewhere it cannot be asked to stop, and what waits is lost
        assert rows(folder / "data" / "app.db") == 101


@ASKED_TO_STOP
def test_requests_under_way_are_answered_before_it_stops(folder: Path, small_model: Path) -> None:
    database = folder / "data" / "app.db"
    with serving(folder, "--workers", "1", ARTIFACTS_DIR=str(small_model)) as server:
        content = {"instances": [example(server)]}
        with (
            contextlib.closing(sqlite3.connect(database, isolation_level=None)) as other,
            ThreadPoolExecutor() as pool,
        ):
            other.execute("BEGIN IMMEDIATE")  # so that the request has to wait
            waiting = pool.submit(post, server, "/api/v1/predict", content)
            time.sleep(0.5)
            server.process.terminate()
            time.sleep(0.5)
            assert not waiting.done()
            other.execute("ROLLBACK")
            assert waiting.result().status_code == 200
        assert server.process.wait(timeout=40) == 0
    assert rows(database) == 1
    assert "Traceback" not in server.err.read_text("utf-8")


def test_a_port_in_use(folder: Path, small_model: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused = manage(folder, "serve", "--port", port, ARTIFACTS_DIR=str(small_model))
    check_refusal(refused, f"127.0.0.1:{port} cannot be used")


def check_refusal(done: subprocess.CompletedProcess[str], words: str) -> None:
    """Fail unless a command ended with one clear sentence."""
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("Error: ")
    assert words in line


REFUSALS = {
    "no secret": "SECRET_KEY must",
    "short secret": "SECRET_KEY must",
    "no hosts": "ALLOWED_HOSTS must",
    "any host": "ALLOWED_HOSTS must",
    "no database": "DATABASE_URL must",
    "unknown database": "DATABASE_URL must",
    "unreachable database": "The database cannot be reached",
    "unmigrated database": f"Migrations are not applied; run: manage {' '.join(MIGRATE)}",
    "no model": "There is no model",
    "damaged model": "not as trained",
}


@pytest.fixture(scope="module")
def refused(
    small_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, subprocess.CompletedProcess[str]]:
    """What `serve` said to each fault in production."""
    root = tmp_path_factory.mktemp("refusals")
    damaged = Path(shutil.copytree(small_model, root / "damaged"))
    (model,) = damaged.glob("*/model.onnx")
    content = bytearray(model.read_bytes())
    content[-10] ^= 1
    model.write_bytes(content)
    fit = PRODUCTION | {"ARTIFACTS_DIR": str(small_model), "DATABASE_URL": database_url(root)}
    (root / "a folder").mkdir()
    changes = {
        "no secret": {"SECRET_KEY": ""},
        "short secret": {"SECRET_KEY": "short"},
        "no hosts": {"ALLOWED_HOSTS": ""},
        "any host": {"ALLOWED_HOSTS": "*"},
        "no database": {"DATABASE_URL": ""},
        "unknown database": {"DATABASE_URL": "nonsense"},
        "unreachable database": {"DATABASE_URL": f"sqlite:///{(root / 'a folder').as_posix()}"},
        "unmigrated database": {},
        "no model": {"ARTIFACTS_DIR": "nowhere"},
        "damaged model": {"ARTIFACTS_DIR": str(damaged)},
    }
    assert list(changes) == list(REFUSALS)

    def serve(change: dict[str, str]) -> subprocess.CompletedProcess[str]:
        return manage(empty_project(root), "serve", "--port", "1", **fit | change)

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(changes, pool.map(serve, changes.values()), strict=True))


@pytest.mark.parametrize(("fault", "words"), list(REFUSALS.items()))
def test_production_refuses(
    refused: dict[str, subprocess.CompletedProcess[str]], fault: str, words: str
) -> None:
    check_refusal(refused[fault], words)
    assert "Serving on" not in refused[fault].stdout


def test_a_worker_needs_nothing_of_training(folder: Path, small_model: Path) -> None:
    package = ml.__name__.partition(".")[0]
    code = f"import sys, {package}.wsgi; print(sorted(sys.modules.keys() & {set(HEAVY)}))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=environment(ARTIFACTS_DIR=str(small_model)),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.stdout.strip() == "[]", done.stderr

"""The server: what it prepares and refuses, how it logs, counts and stops."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from modeldesk.serving.log import Feedback
from modeldesk.testing.page import Page
from modeldesk.testing.waiting import eventually

from package import ml

from .conftest import Projects
from .database import unreachable
from .framework import MIGRATE, prediction_log
from .records import record
from .running import PRODUCTION, Server, database_of, environment, manage, serving

HEAVY = ["joblib", "onnx", "pandas", "pyarrow", "scipy", "skl2onnx", "sklearn", "skops"]
ASKED_TO_STOP = pytest.mark.skipif(os.name == "nt", reason="Windows can only end a process")


def post(server: Server, path: str, content: Any) -> httpx.Response:
    return server.request("POST", path, json=content)


def example(server: Server) -> dict[str, Any]:
    """An instance that the model takes."""
    features = server.request("GET", "/api/v1/model").json()["features"]
    return {feature["name"]: feature["example"] for feature in features}


def rows(project: Path) -> int:
    """How many predictions are in the database of a project."""
    with prediction_log(database_of(project)) as log:
        return log.count()


@pytest.fixture(scope="module")
def production(
    small_regression: Path, new_project: Projects, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Two workers in production, as inside a network that speaks HTTP."""
    settings = PRODUCTION | {"ARTIFACTS_DIR": str(small_regression), "PLAIN_HTTP": "true"}
    with new_project(tmp_path_factory.mktemp("production")) as folder:
        migrated = manage(folder, *MIGRATE, **settings)
        assert migrated.returncode == 0, migrated.stderr
        with serving(folder, "--workers", "2", **settings) as server:
            yield server


def test_the_metrics_of_all_workers_add_up(production: Server) -> None:
    instance = example(production)
    for _ in range(30):  # so that both workers get some
        assert post(production, "/api/v1/predict", {"instances": [instance]}).status_code == 200
    for _ in range(10):
        told = production.request("GET", "/metrics").text
        (line,) = (line for line in told.splitlines() if line.startswith("predictions_total{"))
        assert float(line.rpartition(" ")[2]) == 30


def test_logs_of_production_are_json(production: Server) -> None:
    httpx.get(f"{production.url}/%0aforged%22", headers={"X-Request-ID": "order-4711"})
    httpx.get(f"{production.url}/healthz", headers={"X-Request-ID": "order-4712"})
    eventually(lambda: "order-4712" in production.err.read_text("utf-8"), 20)  # a moment later
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


def test_forms_are_sent_by_plain_http(production: Server) -> None:
    address = {"base_url": production.url, "headers": {"Accept": "text/html"}}
    with httpx.Client(**address, follow_redirects=True) as browser:
        for path in ("/none", "/docs", "/"):
            response = browser.get(path)
            assert "Traceback" not in response.text
            for cookie in response.headers.get_list("Set-Cookie"):
                assert "SameSite=Lax" in cookie
                assert "Secure" not in cookie
        if csrf := Page(response.text).csrf if response.status_code == 200 else {}:
            assert browser.post(response.url, data=csrf).status_code == 422
            browser.cookies.clear()
            assert browser.post(response.url, data=csrf).status_code == 403


class Strange(Feedback):
    """Feedback that nothing here writes."""

    def as_row(self) -> dict[str, Any]:
        return {"strange": True}


def test_an_unexpected_error(production: Server) -> None:
    strange = record(feedback=Strange(None, "", datetime.now(UTC)))
    with prediction_log(database_of(production.err.parent)) as log:
        log.add([strange])
        headers = {"X-Request-ID": "broken-1", "Accept": "text/html"}
        response = production.request("GET", f"/api/v1/predictions/{strange.id}", headers=headers)
        log.discard([strange.id])
    assert response.status_code == 500
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["request_id"] == "broken-1"
    assert response.json()["errors"] == []
    lines = production.err.read_text("utf-8").splitlines()
    assert any("broken-1" in line and "Traceback" in line for line in lines)


def test_the_first_start_prepares_everything(project: Path, small_model: Path) -> None:
    shutil.copytree(small_model, project / "artifacts")
    with serving(project, "--workers", "1") as server:
        text = server.out.read_text("utf-8")
        assert "Wrote a new SECRET_KEY to .env" in text
        assert "Setting up the database" in text
        assert f"Serving on {server.url}" in text
        secret = (project / ".env").read_text("utf-8")
        assert "SECRET_KEY=" in secret
        post(server, "/api/v1/predict", {"instances": [example(server)]})
        # What is acknowledged is committed: another process sees it at once.
        assert rows(project) == 1
    # The next start finds it all, and an answer may come before its row is written.
    with serving(project, "--workers", "1", PREDICTION_LOG="buffered") as server:
        assert server.out.read_text("utf-8") == f"Serving on {server.url}\n"
        assert (project / ".env").read_text("utf-8") == secret
        instances = [example(server)] * 100
        assert post(server, "/api/v1/predict", {"instances": instances}).status_code == 200
        server.stop()
    if os.name == "posix":  # elsewhere it cannot be asked to stop, and what waits is lost
        assert rows(project) == 101


@ASKED_TO_STOP
def test_requests_under_way_are_answered_before_it_stops(project: Path, small_model: Path) -> None:
    with serving(project, "--workers", "1", ARTIFACTS_DIR=str(small_model)) as server:
        instances = [example(server)]
        body = json.dumps({"instances": instances}).encode()

        def slowly() -> Iterator[bytes]:
            yield body[:10]
            server.process.terminate()
            time.sleep(1)
            yield body[10:]

        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        answer = server.request("POST", "/api/v1/predict", content=slowly(), headers=headers)
        assert answer.status_code == 200
        assert server.process.wait(timeout=40) == 0
    assert rows(project) == 1
    assert "Traceback" not in server.err.read_text("utf-8")


def tell_another_thread(process: int) -> None:
    """Give SIGTERM to a thread of a process that is not its first."""
    threads = {int(path.name) for path in Path(f"/proc/{process}/task").iterdir()}
    os.kill(max(threads - {process}), signal.SIGTERM)


def spawned(server: Server) -> list[str]:
    """The process ids of the workers that a server of one has had."""
    return re.findall(r"Spawning worker-1 with PID: (\d+)", server.err.read_text("utf-8"))


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux lets the sender choose a thread")
def test_it_stops_whichever_thread_is_told(project: Path, small_model: Path) -> None:
    with serving(project, "--workers", "1", ARTIFACTS_DIR=str(small_model)) as server:
        (worker,) = spawned(server)
        tell_another_thread(int(worker))
        # Only once another took its place does the server not take it for a failure to stop.
        eventually(lambda: not Path(f"/proc/{worker}").exists() and len(spawned(server)) > 1, 60)
        tell_another_thread(server.process.pid)
        assert server.process.wait(timeout=20) == 0


def test_a_port_in_use(project: Path, small_model: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused = manage(project, "serve", "--port", port, ARTIFACTS_DIR=str(small_model))
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
    "no database": "DATABASE_URL ",
    "unknown database": "DATABASE_URL ",
    "unreachable database": "The database cannot be reached",
    "unmigrated database": f"Migrations are not applied; run: manage {' '.join(MIGRATE)}",
    "no model": "There is no model",
    "damaged model": "not as trained",
}


@pytest.fixture(scope="module")
def refused(
    small_model: Path, new_project: Projects, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, subprocess.CompletedProcess[str]]:
    """What `serve` said to each fault in production."""
    root = tmp_path_factory.mktemp("refusals")
    damaged = Path(shutil.copytree(small_model, root / "damaged"))
    (model,) = damaged.glob("*/model.onnx")
    content = bytearray(model.read_bytes())
    content[-10] ^= 1
    model.write_bytes(content)
    fit = PRODUCTION | {"ARTIFACTS_DIR": str(small_model)}
    changes = {
        "no secret": {"SECRET_KEY": ""},
        "short secret": {"SECRET_KEY": "short"},
        "no hosts": {"ALLOWED_HOSTS": ""},
        "any host": {"ALLOWED_HOSTS": "*"},
        "no database": {"DATABASE_URL": ""},
        "unknown database": {"DATABASE_URL": "nonsense"},
        "unreachable database": {"DATABASE_URL": unreachable(root)},
        "unmigrated database": {},
        "no model": {"ARTIFACTS_DIR": "nowhere"},
        "damaged model": {"ARTIFACTS_DIR": str(damaged)},
    }
    assert list(changes) == list(REFUSALS)

    def serve(change: dict[str, str]) -> subprocess.CompletedProcess[str]:
        return manage(root, "serve", "--port", "1", **fit | change)

    with new_project(root), ThreadPoolExecutor(2) as pool:
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

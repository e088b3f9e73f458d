"""What is imported only where it is used: it would cost each worker memory, each command time."""

import contextlib
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from ..helpers import free_port

IMPORT = """
import importlib, sys

importlib.import_module(sys.argv[1])
print(*sorted(sys.modules.keys() & {*sys.argv[2:]}))
"""
TRAINED = {"joblib", "onnx", "pandas", "pyarrow", "scipy", "skl2onnx", "sklearn", "skops"}
LATE = TRAINED | {"alembic", "flask_migrate", "granian", "onnxruntime", "tqdm"}


@pytest.mark.parametrize(
    "module",
    [
        "modeldesk.django.apps",
        "modeldesk.django.command_line",
        "modeldesk.django.wsgi",
        "modeldesk.flask",
        "modeldesk.flask.accounts",
        "modeldesk.flask.admin",
        "modeldesk.flask.cli",
        "modeldesk.flask.data_commands",
        "modeldesk.flask.migrations",
        "modeldesk.flask.pages",
        "modeldesk.flask.sql",
        "modeldesk.serving.commands",
        "modeldesk.serving.service",
    ],
)
def test_what_comes_late(module: str) -> None:
    command = [sys.executable, "-c", IMPORT, module, *LATE]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "\n", done.stderr


APPLICATION = """
import sys

def application(environ, start):
    start("200 OK", [])
    return [" ".join(sys.modules).encode()]
"""
SCRIPT = """
import sys
import commands_of_mine
from modeldesk.serving.server import run_server
from modeldesk.serving.settings import Settings

if __name__ == "__main__":
    settings = Settings.load()
    run_server("shown:application", settings, host="127.0.0.1", port=int(sys.argv[1]), workers=1)
"""


def test_a_worker_leaves_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "shown.py").write_text(APPLICATION, "utf-8")
    (tmp_path / "commands_of_mine.py").touch()
    (tmp_path / "manage.py").write_text(SCRIPT, "utf-8")
    port = free_port()
    process = subprocess.Popen([sys.executable, "manage.py", str(port)], cwd=tmp_path)
    try:
        modules: set[str] = set()
        while not modules:
            assert process.poll() is None
            with contextlib.suppress(httpx.TransportError):
                modules = {*httpx.get(f"http://127.0.0.1:{port}/", timeout=60).text.split()}
    finally:
        process.terminate()
        process.wait(60)
    assert "shown" in modules
    assert "commands_of_mine" not in modules

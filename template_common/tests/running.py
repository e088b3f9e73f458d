"""Runs the commands of this project as a person does: each in a process of its own."""

import contextlib
import os
import shutil
import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
from dotenv import dotenv_values

from package.serving.settings import Settings

START_LIMIT = 60  # seconds
PRODUCTION = {
    "APP_ENV": "production",
    "SECRET_KEY": "a secret that only the tests of this project know",
    "ALLOWED_HOSTS": "127.0.0.1,localhost",
}


def environment(**settings: str) -> dict[str, str]:
    """This environment, with these settings of the service and no others."""
    known = {name.upper() for name in Settings.model_fields}
    kept = {name: text for name, text in os.environ.items() if name not in known}
    return kept | {"PYTHONUTF8": "1"} | settings


def database_of(project: Path) -> str:
    """The URL of the database of a project."""
    url = dotenv_values(project / ".env")["DATABASE_URL"]
    assert url
    return url


def command(*arguments: str) -> list[str]:
    manage = shutil.which("manage", path=sysconfig.get_path("scripts"))
    assert manage, "This project is not installed; run the tests with: uv run pytest"
    return [manage, *arguments]


def manage(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """The outcome of a command, run to its end in `folder`."""
    return subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment(**settings),
        capture_output=True,
        encoding="utf-8",
        timeout=START_LIMIT,
        check=False,
    )


@dataclass
class Server:
    """A service under way; `out` and `err` are the files it prints to."""

    process: subprocess.Popen[bytes]
    port: int
    out: Path
    err: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> int:
        """Ask it to stop, and return its exit code."""
        self.process.terminate()
        return self.process.wait(timeout=40)


@contextlib.contextmanager
def serving(folder: Path, *options: str, **settings: str) -> Iterator[Server]:
    """Serve from `folder` on a free port; stop at the end, if it was not stopped before."""
    port = free_port()
    out, err = folder / f"{port}.out", folder / f"{port}.err"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            command("serve", "--port", str(port), *options),
            cwd=folder,
            env=environment(**settings),
            stdout=stdout,
            stderr=stderr,
        )
        server = Server(process, port, out, err)
        try:
            wait_until_ready(server)
            yield server
            if process.poll() is None:
                server.stop()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def wait_until_ready(server: Server) -> None:
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline and server.process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{server.url}/readyz").status_code == 200:
                return
        time.sleep(0.05)
    said = server.err.read_text("utf-8", "replace")
    raise AssertionError(f"Not ready (exit code {server.process.poll()}):\n{said}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

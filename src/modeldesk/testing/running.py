"""Runs the commands of the project as a person does: each in a process of its own."""

import contextlib
import os
import shutil
import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
from dotenv import dotenv_values

from ..serving.settings import Settings
from .login import log_in, new_token
from .trust import TRUST

EMAIL, PASSWORD = "admin@example.com", "a password of tests"  # of the administrator
KNOWN = {name.upper() for name in Settings.model_fields}  # the settings of every service
START_LIMIT = 60  # seconds
PRODUCTION = {
    "APP_ENV": "production",
    "SECRET_KEY": "a secret that only the tests of this project know of",
    "ALLOWED_HOSTS": "127.0.0.1,localhost",
    "MAIL_URL": "smtp://127.0.0.1:9",
    "MAIL_FROM": "service@example.com",
}


def environment(**settings: str) -> dict[str, str]:
    """This environment, with these settings of the service and no others.

    What a project adds to the settings of every service stays as it is.
    """
    kept = {name: text for name, text in os.environ.items() if name not in KNOWN}
    return kept | {"PYTHONUTF8": "1"} | settings


def own_settings(project: Path) -> dict[str, str]:
    """What a project adds to the settings of every service, from its `.env`."""
    said = dotenv_values(project / ".env")
    return {name: text for name, text in said.items() if text is not None and name not in KNOWN}


def database_of(project: Path) -> str:
    """The URL of the database of a project."""
    url = dotenv_values(project / ".env")["DATABASE_URL"]
    assert url
    return url


def empty_project(folder: Path, database: str | None = None) -> Path:
    """Make a folder one that settings take for the root of a project, with this DATABASE_URL."""
    (folder / "pyproject.toml").touch()
    if database:
        (folder / ".env").write_text(f"DATABASE_URL={database}\n", "utf-8")
    return folder


def command(*arguments: str) -> list[str]:
    """A command of the project that is installed beside this package."""
    manage = shutil.which("manage", path=sysconfig.get_path("scripts"))
    assert manage, "This project is not installed; run the tests with: uv run pytest"
    return [manage, *arguments]


def manage(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """The outcome of a command, run to its end in `folder`."""
    return run(folder, arguments, settings, limit=START_LIMIT)


def run(
    folder: Path, arguments: Sequence[str], settings: dict[str, str], *, limit: float
) -> subprocess.CompletedProcess[str]:
    """The outcome of a command that may take `limit` seconds."""
    return subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment(**settings),
        capture_output=True,
        encoding="utf-8",
        timeout=limit,
        check=False,
    )


class Proxy(httpx.HTTPTransport):
    """Speaks HTTPS with browsers and HTTP with the service, as the proxy of production does."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a request on."""
        headers = [*request.headers.raw, (b"X-Forwarded-Proto", request.url.raw_scheme)]
        passed = httpx.Request(
            request.method,
            request.url.copy_with(scheme="http"),
            headers=headers,
            stream=request.stream,
            extensions=request.extensions,
        )
        return super().handle_request(passed)


@dataclass
class Server:
    """A service under way in `folder`; `out` and `err` are the files it prints to."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path
    settings: dict[str, str]
    out: Path
    err: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def browser(self) -> httpx.Client:
        """A browser, with a proxy between it and the service."""
        url = f"https://127.0.0.1:{self.port}"
        headers = {"Accept": "text/html,*/*;q=0.8", "Referer": f"{url}/"}
        return httpx.Client(
            base_url=url, headers=headers, timeout=60, transport=Proxy(verify=TRUST)
        )

    def make_admin(self) -> None:
        """Make EMAIL an administrator."""
        settings = self.settings | {"ADMIN_PASSWORD": PASSWORD}
        made = manage(self.folder, "create-admin", "--email", EMAIL, **settings)
        assert made.returncode == 0, made.stderr

    @cached_property
    def has_tokens(self) -> bool:
        """Whether people have accounts to predict with."""
        described = httpx.get(f"{self.url}/openapi.json", timeout=60, verify=TRUST).json()
        return "securitySchemes" in described["components"]

    @cached_property
    def token(self) -> str:
        """A token of an administrator."""
        self.make_admin()
        with self.browser() as browser:
            log_in(browser, EMAIL, PASSWORD)
            return new_token(browser, "tests")

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """What it answers on a connection of its own; to an administrator, where it has tokens."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.has_tokens else {}
        headers |= options.pop("headers", {})
        options |= {"headers": headers, "timeout": 60, "verify": TRUST}
        return httpx.request(method, f"{self.url}{path}", **options)

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
        server = Server(process, port, folder, settings, out, err)
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
    """Return once a service can be asked; fail with its own words otherwise."""
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline and server.process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{server.url}/readyz", verify=TRUST).status_code == 200:
                return
        time.sleep(0.05)
    said = server.err.read_text("utf-8", "replace")
    raise AssertionError(f"Not ready (exit code {server.process.poll()}):\n{said}")


def free_port() -> int:
    """A port that nobody listens to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

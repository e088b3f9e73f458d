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
{%- if auth %}
from functools import cached_property
{%- endif %}
from pathlib import Path
from typing import Any

import httpx
from dotenv import dotenv_values

from package.config import Settings
{%- if auth %}

from .contract.login import log_in, new_token
{%- endif %}

{% if accounts -%}
EMAIL, PASSWORD = "admin@example.com", "a password of tests"  # of the administrator
{% endif -%}
START_LIMIT = 60  # seconds
PRODUCTION = {
    "APP_ENV": "production",
    "SECRET_KEY": "a secret that only the tests of this project know of",
    "ALLOWED_HOSTS": "127.0.0.1,localhost",
{%- if auth %}
    "MAIL_URL": "smtp://127.0.0.1:9",
    "MAIL_FROM": "service@example.com",
{%- endif %}
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


class Proxy(httpx.HTTPTransport):
    """Speaks HTTPS with browsers and HTTP with the service, as the proxy of production does."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
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
        return httpx.Client(base_url=url, headers=headers, timeout=60, transport=Proxy())
{% if accounts %}
    def make_admin(self) -> None:
        """Make EMAIL an administrator."""
        settings = self.settings | {"ADMIN_PASSWORD": PASSWORD}
        made = manage(self.folder, "create-admin", "--email", EMAIL, **settings)
        assert made.returncode == 0, made.stderr
{% endif %}{% if auth %}
    @cached_property
    def token(self) -> str:
        """A token of an administrator."""
        self.make_admin()
        with self.browser() as browser:
            log_in(browser, EMAIL, PASSWORD)
            return new_token(browser, "tests")
{% endif %}
    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """What it answers{% if auth %} to an administrator{% endif %}, on a connection of its own."""
{%- if auth %}
        headers = {"Authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        address = f"{self.url}{path}"
        return httpx.request(method, address, headers=headers, timeout=60, **options)
{%- else %}
        return httpx.request(method, f"{self.url}{path}", timeout=60, **options)
{%- endif %}

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

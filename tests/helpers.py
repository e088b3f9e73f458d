"""What several test modules do: take a copy of the template, run a program, serve a project."""

import contextlib
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import copier
import psutil
import pytest

from .variants import Project

REPO = Path(__file__).parents[1]
ANSWERS_FILE = ".copier-answers.yml"
MIGRATE = {"flask": ("db", "upgrade"), "django": ("migrate",)}
START_LIMIT = 180  # seconds; the first start trains a model
IN_CI = os.environ.get("CI") == "true"


def need(tool: str, *folders: Path) -> str:
    """The path of a program, from `folders` or PATH.

    Without it the test is skipped, or fails in CI.
    """
    path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", os.defpath)])
    if found := shutil.which(tool, path=path):
        return found
    reason = f"{tool} is not installed"
    if IN_CI:
        pytest.fail(reason)
    pytest.skip(reason)


def environment(**extra: str) -> dict[str, str]:
    """The environment of a person at a fresh prompt: nothing of this test run leaks into it."""
    ours = (
        *("VIRTUAL_ENV", "PYTEST_", "UV_RUN", "APP_ENV", "SECRET_KEY", "DATABASE_URL"),
        *("MAIL_", "ADMIN_PASSWORD", "CONTRACT_"),
    )
    kept = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
    folders = [p for p in kept["PATH"].split(os.pathsep) if Path(p) != Path(sys.executable).parent]
    return kept | {"PATH": os.pathsep.join(folders)} | extra


def blocks(page: str) -> list[tuple[str, str]]:
    """The language and the text of each fenced block of a page of documentation."""
    text = (REPO / page).read_text(encoding="utf-8")
    return re.findall(r"(?ms)^```([^\n]*)\n(.*?)^```$", text)


def assert_marked(page: str, *languages: str) -> None:
    """That a page has blocks of these languages, and that what a person types is `console`."""
    assert {language for language, _ in blocks(page)} == {*languages}
    for language, text in blocks(page):
        assert (language == "console") == text.startswith("$ "), text


def finished(folder: Path, *command: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """A command run in `folder`, however it ended; what it printed is in its stdout."""
    return subprocess.run(
        command,
        cwd=folder,
        env=environment(**extra),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def run(folder: Path, *command: str, **extra: str) -> str:
    """The output of a command run in `folder`; a failure shows the command and what it printed."""
    done = finished(folder, *command, **extra)
    if done.returncode:
        pytest.fail(f"`{' '.join(command)}` gave {done.returncode}:\n{done.stdout}", pytrace=False)
    return done.stdout


def sync(project: Path, *options: str, **settings: str) -> None:
    """Install what a project declares, of what was fetched before where that is enough.

    An index is asked for each of some 150 packages otherwise, in each of some hundred projects.
    What makes a new environment asks, so that it has the newest of them.
    """
    command = [need("uv"), "sync", "--quiet", *options]
    is_new = not Path(settings["UV_PROJECT_ENVIRONMENT"]).exists()
    if is_new or finished(project, *command, "--offline", **settings).returncode:
        run(project, *command, **settings)


def commit(folder: Path, message: str, tag: str | None = None) -> None:
    run(folder, "git", "add", "--all")
    run(folder, "git", "commit", "--quiet", "--message", message)
    if tag:
        run(folder, "git", "tag", tag)


def release(folder: Path, tag: str | None = None) -> Path:
    """A throw-away repository at `folder` holding the working tree, uncommitted files too.

    What no project is made of stays out, as Copier checks all of it out for each copy.
    """
    listed = run(
        *(REPO, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"),
        *(".", ":!tests", ":!benchmarks"),
    )
    for name in filter(None, listed.split("\0")):
        if (source := REPO / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    run(folder, "git", "init", "--quiet", "--initial-branch", "main")
    commit(folder, "release", tag)
    run(folder, "git", "gc", "--quiet")  # a clone has a link, and a folder, for each loose object
    return folder


def copy(template: Path, folder: Path, answers: Mapping[str, Any], ref: str = "HEAD") -> Path:
    """Answer the questions and copy, without trust."""
    copier.run_copy(
        str(template), folder, data=dict(answers), vcs_ref=ref, defaults=True, quiet=True
    )
    return folder


def each(chosen: Iterable[Project]) -> pytest.MarkDecorator:
    """Run a test with each of these projects; one worker has all such tests of a project."""
    found = [
        pytest.param(project, id=project.name, marks=pytest.mark.xdist_group(project.name))
        for project in chosen
    ]
    return pytest.mark.parametrize("project", found)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below `folder`, by its posix path; neither git's own nor the answers."""
    return {
        name: path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not (name := path.relative_to(folder).as_posix()).startswith(".git/")
        and name != ANSWERS_FILE
    }


class Environments:
    """Python environments that projects take turns in, one for each framework.

    `uv sync` takes out of it what the next project does not ask for, so each meets exactly what it
    declares; what stays is already compiled, and known to mypy.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def of(self, framework: str) -> dict[str, str]:
        """The settings that make uv and mypy use one."""
        folder = self.folder / framework
        return {
            "UV_PROJECT_ENVIRONMENT": str(folder / "environment"),
            "MYPY_CACHE_DIR": str(folder / "mypy"),
        }


class Models:
    """Trained models, by a name for what was trained, for projects that only have to have one.

    `folder` is one for all workers.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def give(self, project: Path, model: str) -> bool:
        """Put a model into a project; False if none was kept yet."""
        kept = self.folder / model
        if not kept.exists():
            return False
        shutil.copytree(kept, project / "artifacts", symlinks=True)
        return True

    def keep(self, project: Path, model: str) -> None:
        """Keep the model of a project, unless there is one."""
        with tempfile.TemporaryDirectory(dir=self.folder) as copied:
            shutil.copytree(project / "artifacts", Path(copied) / model, symlinks=True)
            with contextlib.suppress(OSError):
                (Path(copied) / model).rename(self.folder / model)

    def train(self, project: Path, model: str, **settings: str) -> None:
        """Give an installed project a model, which it trains as the first of its kind."""
        if not self.give(project, model):
            run(project, need("uv"), "run", "--quiet", "manage", "train", **settings)
            self.keep(project, model)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def status(port: int, path: str) -> int:
    """The status `path` answers with, or 0 where nothing listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def ask(port: int, path: str, content: Any = None, token: str = "") -> Any:
    """The JSON that `path` answers with; `content` is posted, if there is any."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        if content is None:
            connection.request("GET", path, headers=headers)
        else:
            headers |= {"Content-Type": "application/json"}
            connection.request("POST", path, json.dumps(content), headers)
        return json.load(connection.getresponse())


def example(port: int, token: str = "") -> dict[str, Any]:
    """An instance that the model of the service takes."""
    features = ask(port, "/api/v1/model", token=token)["features"]
    return {feature["name"]: feature["example"] for feature in features}


def predict_example(port: int, token: str = "") -> Any:
    """What the service answers to the example of its own model."""
    return ask(port, "/api/v1/predict", {"instances": [example(port, token)]}, token)


def logged(port: int, token: str = "") -> list[Any]:
    """The whole log of the service, newest first, page by page."""
    entries, path = [], "/api/v1/predictions?limit=200"
    while path:
        page = ask(port, path, token=token)
        entries += page["predictions"]
        path = page["next"]
    return entries


def wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path, limit: float) -> None:
    """Return once /readyz answers 200; fail with the server's own words otherwise."""
    deadline = time.monotonic() + limit
    while status(port, "/readyz") != 200:
        if process.poll() is not None or time.monotonic() > deadline:
            said = log.read_text(encoding="utf-8", errors="replace")
            pytest.fail(f"not ready (exit code {process.poll()}):\n{said}", pytrace=False)
        time.sleep(0.1)


def workers(server: int) -> list[psutil.Process]:
    """The processes below a server that answer its requests."""
    found = []
    for process in psutil.Process(server).children(recursive=True):
        # A worker that starts may run others for a moment, as Python does to find a C library.
        with contextlib.suppress(psutil.NoSuchProcess):
            if "spawn_main" in " ".join(process.cmdline()):
                found.append(process)
    return found


def kill_all(processes: Iterable[psutil.Process]) -> None:
    """Kill those that have not ended yet, in this order."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of a process and of all it started."""
    with contextlib.suppress(psutil.NoSuchProcess):
        first = psutil.Process(process.pid)
        kill_all([first, *first.children(recursive=True)])
    process.wait()


def said_by(project: Path, port: int) -> Path:
    """The file with what the server of a project prints."""
    return project.parent / f"{project.name}-{port}.log"


@contextlib.contextmanager
def served(project: Path, *options: str, **extra: str) -> Iterator[tuple[int, int]]:
    """Serve a project as its README says; gives (port, process id).

    Leaving stops it with SIGTERM, which must end it with 0.
    """
    port = free_port()
    log = said_by(project, port)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [need("uv"), "run", "manage", "serve", "--port", str(port), *options],
            cwd=project,
            env=environment(**extra),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_ready(process, port, log, START_LIMIT)
        yield port, process.pid
        process.terminate()
        code = process.wait(timeout=30)
        said = log.read_text(encoding="utf-8", errors="replace")
        assert code == 0 or os.name == "nt", f"stopped with {code}:\n{said}"
    finally:
        end(process)

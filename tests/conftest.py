"""A git that needs no set-up, the template as it stands in the working tree, models, databases."""

import contextlib
import functools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import copier._main
import jinja2
import pytest

from .helpers import Environments, Models, release
from .library import FOLDER, build
from .servers import Databases

GIT = {
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@example.com",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@example.com",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def pytest_configure(config: pytest.Config) -> None:
    """Build the library, before the workers begin."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # each process would compile every library
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # more of them only wait for each other here
    if not hasattr(config, "workerinput") and shutil.which("uv"):
        build()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(FOLDER, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def plain_git() -> Iterator[None]:
    """Copier runs git too, so a fixed identity goes into the environment of the whole run."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in GIT.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """Copier makes a new environment for every copy, each of which compiles every template."""
    compiled = functools.cache(jinja2.Environment.compile)
    environments: dict[Any, jinja2.Environment] = {}

    def compile_once(self: jinja2.Environment, *args: Any, **options: Any) -> Any:
        kind = (type(self), self.undefined, self.block_start_string, self.keep_trailing_newline)
        return compiled(environments.setdefault(kind, self), *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jinja2.Environment, "compile", compile_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def modes_of_files() -> Iterator[None]:
    """For every file it renders, Copier asks git whether this system has no executable bits."""
    with pytest.MonkeyPatch.context() as patch:
        if os.name == "posix":
            patch.setattr(copier._main.Worker, "_sync_git_index_executable_bit", lambda *_: None)
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder that settings take for the root of a project."""
    (tmp_path / "pyproject.toml").touch()
    return tmp_path


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a published classification."""
    from modeldesk.testing.models import publish_small_model

    return publish_small_model(tmp_path_factory.mktemp("model")).path.parent


@pytest.fixture(scope="session")
def small_regression(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a published regression."""
    from modeldesk.testing.models import publish_small_regression

    return publish_small_regression(tmp_path_factory.mktemp("regression")).path.parent


@pytest.fixture(scope="session")
def template(plain_git: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A throw-away clone of the template."""
    return release(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """Real servers, started when a test asks for one."""
    with contextlib.closing(Databases()) as databases:
        yield databases


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Environments:
    return Environments(tmp_path_factory.mktemp("environments"))


@pytest.fixture(scope="session")
def models() -> Models:
    folder = FOLDER / "models"
    folder.mkdir(exist_ok=True)
    return Models(folder)

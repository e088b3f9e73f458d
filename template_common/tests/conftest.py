"""What all tests share: a small model, an empty project folder, and a running service."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .running import serving


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--base-url",
        help="the address of a running service for tests/contract; a new one is started without",
    )


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a published classification."""
    from .models import publish_small_model

    return publish_small_model(tmp_path_factory.mktemp("model")).path.parent


@pytest.fixture(scope="session")
def small_regression(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a published regression."""
    from .models import publish_small_regression

    return publish_small_regression(tmp_path_factory.mktemp("regression")).path.parent


def empty_project(folder: Path) -> Path:
    """A folder that settings take for the root of a project."""
    (folder / "pyproject.toml").touch()
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty project."""
    return empty_project(tmp_path)


@pytest.fixture(scope="session")
def base_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of the service that the contract is tested against."""
    if given := request.config.getoption("--base-url"):
        yield given.rstrip("/")
        return
    model = request.getfixturevalue("small_model")
    folder = empty_project(tmp_path_factory.mktemp("service"))
    with serving(folder, ARTIFACTS_DIR=str(model)) as server:
        yield server.url

"""What all tests share: a small model, an empty project folder, and a running service."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from modeldesk.serving.database_url import MEND, location
from modeldesk.serving.log import PredictionLog

from package.config import Settings

from . import database as databases
from .running import {% if accounts %}EMAIL, PASSWORD, {% endif %}serving

Databases = Callable[[Path], AbstractContextManager[str]]
Projects = Callable[[Path], AbstractContextManager[Path]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--base-url",
        help="the address of a running service for tests/contract; a new one is started without",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what asks for a database, so that `-m "not database"` leaves it out."""
    asking = {"fresh_database"} | (set() if config.getoption("--base-url") else {"base_url"})
    for item in items:
        if asking & set(getattr(item, "fixturenames", ())):
            item.add_marker("database")


@pytest.fixture(scope="session")
def fresh_database(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    """Makes empty databases: `with fresh_database(folder) as url`."""
    try:
        with databases.fresh_database(tmp_path_factory.mktemp("first")):
            return databases.fresh_database
    except Exception as error:
        server = location(Settings.load().database_url)
        pytest.fail(f"These tests make databases at {server}: {error}. {MEND}", pytrace=False)


@pytest.fixture(scope="session")
def new_project(fresh_database: Databases) -> Projects:
    """Makes empty projects, each with an empty database of its own."""

    @contextmanager
    def make(folder: Path) -> Iterator[Path]:
        with fresh_database(folder) as url:
            (folder / ".env").write_text(f"DATABASE_URL={url}\n", "utf-8")
            yield empty_project(folder)

    return make


@pytest.fixture
def database(fresh_database: Databases, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database."""
    with fresh_database(tmp_path) as url:
        yield url


@pytest.fixture
def project(new_project: Projects, tmp_path: Path) -> Iterator[Path]:
    """An empty project with an empty database."""
    with new_project(tmp_path) as folder:
        yield folder


@pytest.fixture(scope="module")
def shared_log(
    fresh_database: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PredictionLog]:
    """A prediction log for all tests of a module, as a new database takes its time."""
    from .framework import prediction_log

    with fresh_database(tmp_path_factory.mktemp("log")) as url, prediction_log(url) as log:
        yield log


@pytest.fixture
def log(shared_log: PredictionLog) -> PredictionLog:
    """An empty prediction log."""
    while records := shared_log.scan("", 1000):
        shared_log.discard([record.id for record in records])
    return shared_log


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
    """An empty project that needs no database."""
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
    new_project: Projects = request.getfixturevalue("new_project")
    with (
        new_project(tmp_path_factory.mktemp("service")) as folder,
        serving(folder, ARTIFACTS_DIR=str(model)) as server,
{%- if accounts %}
        pytest.MonkeyPatch.context() as patch,
{%- endif %}
    ):
{%- if accounts %}
        for name, value in {"EMAIL": EMAIL, "PASSWORD": PASSWORD}.items():
            patch.setenv(f"CONTRACT_{name}", value)
        server.make_admin()
{%- endif %}
        yield server.url

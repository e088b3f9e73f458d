"""What tests of a project from within share: small models, empty projects, their databases."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from modeldesk.serving.log import PredictionLog
from modeldesk.testing.project import NotTestable, new_database
from modeldesk.testing.running import empty_project

Databases = Callable[[Path], AbstractContextManager[str]]
Projects = Callable[[Path], AbstractContextManager[Path]]


@pytest.fixture(scope="session")
def fresh_database(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    """Makes empty databases: `with fresh_database(folder) as url`."""
    try:
        with new_database(tmp_path_factory.mktemp("first")):
            return new_database
    except NotTestable as fault:
        pytest.fail(str(fault), pytrace=False)


@pytest.fixture(scope="session")
def new_project(fresh_database: Databases) -> Projects:
    """Makes empty projects, each with an empty database of its own."""

    @contextmanager
    def make(folder: Path) -> Iterator[Path]:
        with fresh_database(folder) as url:
            yield empty_project(folder, url)

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
    """An empty prediction log, beside which nothing was counted."""
    from .framework import open_stores

    totals: Any = open_stores()["summary"]
    totals.forget()
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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty project that needs no database."""
    return empty_project(tmp_path)

"""What pytest gets from here: `--base-url`, `modeldesk_parts`, two markers and two fixtures.

Every pytest run meets this module, so it imports what it needs when it is needed.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .project import Model
    from .service import Service

PARTS = ("auth", "admin", "forms")
MARKERS = (
    "database: asks for a database",
    "part(*names): asks for a service that has one of these parts",
)
STATED = pytest.StashKey[frozenset[str] | None]()

for module in ("contract", "login", "page", "records", "running"):
    pytest.register_assert_rewrite(f"modeldesk.testing.{module}")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say where the service is, and what it has."""
    if not find_spec("pytest_base_url"):  # which has the same option
        group = parser.getgroup("modeldesk")
        group.addoption(
            "--base-url",
            help="the address of a running service to test; without, one is started for the tests",
        )
    parser.addini(
        "modeldesk_parts",
        f"what the service was made with, of {', '.join(PARTS)}; all it shows, if not given",
        type="args",
        default=None,
    )


def pytest_configure(config: pytest.Config) -> None:
    """Check what is given."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    given = config.getini("modeldesk_parts")
    if unknown := set(given or []) - set(PARTS):
        names = ", ".join(sorted(unknown))
        raise pytest.UsageError(f"modeldesk_parts: {names}; there are only {', '.join(PARTS)}.")
    config.stash[STATED] = None if given is None else frozenset(given)
    if _base_url(config) and config.getoption("tx", None):
        raise pytest.UsageError("-n would ask one service for many things at once: leave it out.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests of parts that there are not to be; mark those that ask for a database."""
    stated = config.stash[STATED]
    asking = {"fresh_database"} | (set() if _base_url(config) else {"service"})
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        if asking & set(getattr(item, "fixturenames", ())):
            item.add_marker("database")
        wanted = [set(mark.args) for mark in item.iter_markers("part")]
        needless = stated is not None and not all(names & stated for names in wanted)
        (left_out if needless else kept).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept


def _base_url(config: pytest.Config) -> str | None:
    given: str | None = config.getoption("base_url", None)
    return given and given.rstrip("/")


@pytest.fixture(scope="session")
def _model_folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder for the project's model, and why there is none in it, or ''."""
    from .project import NoModel, NotTestable, copy_model

    folder = tmp_path_factory.mktemp("model")
    try:
        copy_model(folder)
    except NoModel as none:
        return folder, str(none)
    except NotTestable as fault:
        raise pytest.fail.Exception(str(fault), pytrace=False) from None
    return folder, ""


@pytest.fixture(scope="session")
def trained_model(_model_folder: tuple[Path, str]) -> "Model":
    """The project's model, which answers its own example; trained, where there is none yet."""
    from ..ml.predictor import Predictor
    from .project import Model

    folder, why = _model_folder
    if why:
        pytest.skip(why)
    return Model(Predictor.load(folder))


@pytest.fixture(scope="session")
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator["Service"]:
    """The service under test: that of --base-url, else this project's, started for the tests."""
    from .project import NotTestable
    from .service import deployed, started

    stated = request.config.stash[STATED]
    with ExitStack() as stack:
        try:
            if url := _base_url(request.config):
                found = deployed(url, stated)
            else:
                folder, model = tmp_path_factory.mktemp("service"), _model_to_serve(request)
                found = stack.enter_context(started(folder, model, stated))
        except NotTestable as fault:
            raise pytest.fail.Exception(str(fault), pytrace=False) from None
        yield found


def _model_to_serve(request: pytest.FixtureRequest) -> Path:
    """The folder of the project's model; of a small one, where it has none yet."""
    folder, none_yet = request.getfixturevalue("_model_folder")
    if none_yet:
        from .models import publish_small_model

        publish_small_model(folder)
    return Path(folder)

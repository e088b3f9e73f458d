"""The project that is tested: its settings and its model, neither of which tests may change."""

import contextlib
import shutil
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..ml.predictor import Predictor
from ..ml.project import artifacts_dir, packages, project_root
from ..ml.versions import current_version, set_current
from ..serving.database_url import location, mend
from ..serving.settings import Settings, SettingsError
from .databases import fresh_database
from .running import run

TRAIN_LIMIT = 3600  # seconds
UNTRAINED = "Nothing to train yet"  # as the training of a project says that waits for its owner's


class NotTestable(Exception):
    """Tests cannot be run here; the message says what mends it."""


class NoModel(Exception):
    """The project has no model yet; the message says how it gets one."""


class Model:
    """The project's model, as tests ask it."""

    def __init__(self, predictor: Predictor) -> None:
        self.predictor = predictor

    @property
    def example(self) -> dict[str, Any]:
        """A row that it takes."""
        return self.predictor.signature.example

    def predict(self, row: dict[str, Any]) -> Any:
        """Its answer to a row: a number, one of each target, or a class.

        Raises what says so when the row is refused, or has no answer.
        """
        rows, _ = self.predictor.validator.from_json([row])
        (answer,) = self.predictor.predict(rows)
        return answer.value


def settings_class() -> type[Settings]:
    """The settings of the project that is installed here: the class in its `config.py`."""
    for root in {package.partition(".")[0] for package in packages()}:
        if find_spec(f"{root}.config"):
            found: type[Settings] = import_module(f"{root}.config").Settings
            return found
    return Settings


@contextlib.contextmanager
def new_database(folder: Path) -> Iterator[str]:
    """The URL of an empty database of the project's kind, which is dropped at the end.

    It is on the server that DATABASE_URL names; for SQLite it is a file in `folder`.

    Raises:
        NotTestable: the settings name no server, or none that can be reached.
    """
    with contextlib.ExitStack() as stack:
        try:
            server = settings_class().load().database_url
        except SettingsError as error:
            raise NotTestable(str(error)) from None
        try:
            url = stack.enter_context(fresh_database(server, folder))
        except Exception as error:
            where = location(server)
            why = f"These tests make databases at {where}: {error}. {mend(server)}"
            raise NotTestable(why) from None
        yield url


def copy_model(folder: Path) -> None:
    """Put the project's current model into a folder; one is trained there, if it has none.

    Raises:
        NoModel: it has none, and its training is not written yet.
        NotTestable: its training fails.
    """
    source = artifacts_dir()
    if version := current_version(source):
        shutil.copytree(source / version, folder / version)
        set_current(folder, version)
        return
    settings = {"ARTIFACTS_DIR": str(folder)}
    done = run(project_root(), ["train"], settings, limit=TRAIN_LIMIT)
    if done.returncode and UNTRAINED in done.stderr:
        why = "There is no model yet; import one (manage import-model) or write its training."
        raise NoModel(why)
    if done.returncode:
        raise NotTestable(f"There is no model, and `manage train` fails:\n{done.stderr}")

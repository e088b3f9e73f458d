"""The application's database: what the extension asks of it, whichever it is."""

from typing import Protocol

from flask import Flask

from ..serving.log import LogUnavailable, PredictionLog
from ..serving.settings import Settings
from ..serving.summaries import SummaryStore

OUTDATED = "Migrations are not applied; run: manage db upgrade"


class Database(Protocol):
    """All but `init_app` is asked within the application's context."""

    def init_app(self, app: Flask) -> None:
        """Tell the extension of the database how to reach it. Raises SettingsError."""

    def log(self) -> PredictionLog: ...

    def summaries(self) -> SummaryStore: ...

    def unreachable(self) -> str | None:
        """Why it cannot be reached, or None."""

    def outdated(self) -> str | None:
        """Why it is not ready for this release, or None."""

    def upgrade(self) -> None:
        """Make it ready: the library's tables and the project's."""

    def unavailable(self, error: Exception) -> LogUnavailable | None:
        """What stands for an error that may not come again when the database is well."""


def database_of(settings: Settings) -> Database:
    """The one that the settings name."""
    if settings.database == "mongodb":
        from .mongodb import MongoDatabase

        return MongoDatabase(settings)
    from .sql import SQLDatabase

    return SQLDatabase(settings)

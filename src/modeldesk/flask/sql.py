"""The application's SQL database, by the project's Flask-SQLAlchemy and Flask-Migrate."""

from flask import Flask, current_app
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from ..ml.validation import listed
from ..serving.denied import denied
from ..serving.log import LogUnavailable, PredictionLog
from ..serving.settings import Settings
from ..serving.summaries import SummaryStore
from ..serving.unreachable import unreachable
from ..stores.engine import engine_options
from ..stores.failures import reason, unavailable
from ..stores.sql_log import SQLPredictionLog
from ..stores.sql_summaries import SQLSummaries
from .database import OUTDATED
from .state import current_state


class SQLDatabase:
    """`Database` over the engine of Flask-SQLAlchemy."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def init_app(self, app: Flask) -> None:
        options = engine_options(self.settings)
        app.config["SQLALCHEMY_DATABASE_URI"] = options.pop("url")
        app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options

    @property
    def engine(self) -> Engine:
        engine: Engine = current_app.extensions["sqlalchemy"].engine
        return engine

    def log(self) -> PredictionLog:
        return SQLPredictionLog(self.engine)

    def summaries(self) -> SummaryStore:
        return SQLSummaries(self.engine)

    def unreachable(self) -> str | None:
        try:
            self.engine.connect().close()
        except (SQLAlchemyError, UnicodeError) as error:  # the latter of a host's name
            return unreachable(self.settings.database_url, reason(error))
        return None

    def outdated(self) -> str | None:
        from alembic.runtime.migration import MigrationContext
        from alembic.script import ScriptDirectory

        from ..stores import schema

        migrate = current_app.extensions.get("migrate")
        heads = ScriptDirectory(migrate.directory).get_heads() if migrate else []
        if len(heads) > 1:
            return (
                f"The migrations {' and '.join(heads)} follow the same one; join them with: "
                "manage db merge heads; and then run: manage db upgrade"
            )
        if fault := self.unreachable():
            return fault
        accounts = current_state().accounts
        try:
            with self.engine.connect() as connection:
                applied = MigrationContext.configure(connection).get_current_heads()
                ready = schema.is_current(connection)
            if not ready or applied != tuple(heads):
                return OUTDATED
            names = accounts.outdated_roles() if accounts else []
        except DBAPIError as error:
            if told := denied(self.settings.database_url, str(error)):
                return told
            raise
        return f"{OUTDATED} (it changes the roles {listed(names)})" if names else None

    def upgrade(self) -> None:
        import flask_migrate

        from ..stores import schema
        from .migrations import keep_roles, migrating

        with migrating() as connection:
            schema.upgrade(connection)
        if "migrate" in current_app.extensions:
            flask_migrate.upgrade(revision="heads")
        keep_roles()

    def unavailable(self, error: Exception) -> LogUnavailable | None:
        return unavailable(error)

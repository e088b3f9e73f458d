"""Whether the database can be used, and how it is brought up to date."""

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy.exc import SQLAlchemyError

from .models import db


def unreachable(app: Flask) -> str | None:
    """Why the database cannot be reached, or None."""
    with app.app_context():
        try:
            db.engine.connect().close()
        except SQLAlchemyError as error:
            reason = getattr(error, "orig", error)
            return f"The database cannot be reached: {reason}. Start it, or correct DATABASE_URL."
    return None


def outdated(app: Flask) -> str | None:
    """Why the tables are not those of this release, or None."""
    if fault := unreachable(app):
        return fault
    with app.app_context(), db.engine.connect() as connection:
        config = app.extensions["migrate"].migrate.get_config()
        wanted = set(ScriptDirectory.from_config(config).get_heads())
        applied = set(MigrationContext.configure(connection).get_current_heads())
    return None if wanted == applied else "Migrations are not applied; run: manage db upgrade"


def migrate(app: Flask) -> None:
    """Apply all migrations."""
    with app.app_context():
        upgrade()

"""What Flask-Migrate needs of the library: to leave its tables alone, and to run one at a time.

A project's models import this, so what is imported here is in each worker: Alembic comes later.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import click
from flask import current_app
from sqlalchemy import Connection, text

from ..serving.log import LogUnavailable
from ..serving.migration_lock import migration_lock
from ..stores.engine import engine_for_migrations
from .state import current_state, get_database, get_settings

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from alembic.script import ScriptDirectory

# Migrations that the template gave projects, and what each follows.
OF_THE_TEMPLATE = {"0003": "0002", "0002": "0001", "0001": None}


def include_object(item: Any, name: str | None, kind: str, reflected: bool, model: Any) -> bool:
    """Only the project's tables: those of others, such as the library's, are left alone."""
    return kind != "table" or not reflected or model is not None


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """A type of column from elsewhere, with its import; all else is left to Alembic."""
    defined = type(item)
    if kind != "type" or defined.__module__.startswith("sqlalchemy."):
        return False
    autogen.imports.add(f"from {defined.__module__} import {defined.__name__}")
    return repr(item)


def process_revision_directives(context: Any, _: Any, directives: list[Any]) -> None:
    """Make no file when there is nothing to change."""
    asked = context.config.cmd_opts
    if getattr(asked, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives.clear()


@contextmanager
def migrating(scripts: ScriptDirectory | None = None) -> Iterator[Connection]:
    """A connection without the time limits of requests, while no other process migrates.

    `scripts` are the project's migrations, when these are to run.

    Raises:
        LogUnavailable: the database cannot be reached; the message says how to mend that.
    """
    if fault := get_database().unreachable():
        raise LogUnavailable(fault)
    settings = get_settings()
    engine = engine_for_migrations(settings)
    try:
        with engine.connect() as connection:

            def execute(statement: str) -> None:
                connection.exec_driver_sql(statement)
                connection.commit()  # Alembic does not commit what it finds begun

            with migration_lock(settings.database_url, execute):
                if scripts:
                    _step_back(connection, scripts)
                yield connection
    finally:
        engine.dispose()


def _step_back(connection: Connection, scripts: ScriptDirectory) -> None:
    """Forget applied migrations of what was switched off since; what they made stays.

    Their files are gone. When they come back, they take up what is there.
    """
    from alembic.runtime.migration import MigrationContext

    there = {script.revision for script in scripts.walk_revisions()}
    for applied in MigrationContext.configure(connection).get_current_heads():
        left: str | None = applied
        while left in OF_THE_TEMPLATE and left not in there:
            left = OF_THE_TEMPLATE[left]
        if left is None:
            move = "DELETE FROM alembic_version WHERE version_num = :was"
            connection.execute(text(move), {"was": applied})
        elif left != applied:
            move = "UPDATE alembic_version SET version_num = :left WHERE version_num = :was"
            connection.execute(text(move), {"left": left, "was": applied})
    connection.commit()  # also of reading: Alembic does not commit what it finds begun


def with_our_tables(group: click.Group) -> click.Group:
    """Flask-Migrate's commands, of which `upgrade` brings the library's tables up to date, too."""
    found = copy.copy(group)
    theirs = group.commands["upgrade"]
    ours = copy.copy(theirs)
    ours.callback = lambda **options: _upgrade(theirs, **options)
    found.commands = {**group.commands, "upgrade": ours}
    return found


def _upgrade(theirs: click.Command, **options: Any) -> None:
    from ..stores import schema

    if not options["sql"]:
        with migrating() as connection:
            schema.upgrade(connection)
    elif ":" not in options["revision"]:  # from nothing
        url = current_app.config["SQLALCHEMY_DATABASE_URI"]
        schema.write_upgrade(url, sys.stdout)
    click.get_current_context().invoke(theirs, **options)
    if not options["sql"]:
        keep_roles()


def keep_roles() -> None:
    """Bring the roles in the database in step with the project's `roles.py`, if it has any."""
    if accounts := current_state().accounts:
        with migrating():
            accounts.keep_roles()

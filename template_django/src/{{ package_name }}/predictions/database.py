"""Whether the database can be used, and how it is brought up to date."""

from django.core.management import call_command
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor


def unreachable() -> str | None:
    """Why the database cannot be reached, or None."""
    try:
        connection.ensure_connection()
    except (DatabaseError, InterfaceError) as error:
        return f"The database cannot be reached: {error}. Start it, or correct DATABASE_URL."
    return None


def outdated() -> str | None:
    """Why the tables are not those of this release, or None."""
    if fault := unreachable():
        return fault
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return "Migrations are not applied; run: manage migrate" if plan else None


def migrate() -> None:
    """Apply all migrations; tables of a project that came here from Flask stay as they are."""
    call_command("migrate", verbosity=0, fake_initial=True)

"""Whether the database can be used, and how it is brought up to date."""

from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, close_old_connections, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from ..ml.validation import listed
from ..serving.denied import denied
from ..serving.log import LogUnavailable
from ..serving.unreachable import unreachable as told
from .conf import project_settings
from .log import open_log

OUTDATED = "Migrations are not applied; run: manage migrate"


def unreachable() -> str | None:
    """Why the database cannot be reached, or None."""
    try:
        open_log().ping()
    except LogUnavailable as error:
        return told(project_settings().database_url, str(error))
    return None


def forked() -> str | None:
    """Which migrations, such as an owner's and those of a release, follow the same one, or None."""
    for app, names in MigrationLoader(None).detect_conflicts().items():
        both = " and ".join(f"{app}.{name}" for name in sorted(names))
        return (
            f"The migrations {both} follow the same one; join them with: "
            "manage makemigrations --merge; and then run: manage migrate"
        )
    return None


def outdated() -> str | None:
    """Why the tables are not those of this release, or None."""
    try:
        return _outdated()
    except (DatabaseError, LogUnavailable) as error:
        if fault := denied(project_settings().database_url, str(error)):
            return fault
        raise
    finally:
        close_old_connections()  # the main process may never ask again


def _outdated() -> str | None:
    if fault := unreachable() or forked():
        return fault
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        return OUTDATED
    if apps.is_installed("modeldesk.django.accounts"):
        from .accounts.apps import outdated_roles

        if names := outdated_roles():
            return f"{OUTDATED} (it changes the roles {listed(names)})"
    return None


def migrate() -> None:
    """Apply all migrations."""
    call_command("migrate", verbosity=0)

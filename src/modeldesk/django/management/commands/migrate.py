"""`manage migrate`"""

from typing import Any

from django.apps import apps
from django.core.management.commands import migrate
from django.db import connection

from ....serving.commands import NotReady
from ...connection import migrating
from ...database import forked, unreachable


class Command(migrate.Command):
    """Django's own, in one process at a time."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        if fault := unreachable() or forked():
            raise NotReady(fault)
        if connection.vendor == "mongodb" and apps.is_installed("django.contrib.auth"):
            # For the apps of Django, which have no migrations there.
            options["run_syncdb"] = not options.get("app_label")
        with migrating():
            return super().execute(*args, **options)

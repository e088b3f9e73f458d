"""`manage migrate`"""

from typing import Any

from django.core.management.commands import migrate

from ....serving.commands import NotReady
from ...connection import migrating
from ...database import forked, unreachable


class Command(migrate.Command):
    """Django's own, in one process at a time."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        if fault := unreachable() or forked():
            raise NotReady(fault)
        with migrating():
            return super().execute(*args, **options)

"""`manage rollback`"""

from typing import Any

from django.core.management import BaseCommand

from ....serving import version_commands


class Command(BaseCommand):
    help = "Make the version that was current before current again."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        version_commands.roll_back(self.stdout.write)

"""`manage versions`"""

from typing import Any

from django.core.management import BaseCommand

from ....serving import version_commands


class Command(BaseCommand):
    help = "List the versions of the model."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        version_commands.list_versions(self.stdout.write)

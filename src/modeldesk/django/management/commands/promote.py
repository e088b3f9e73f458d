"""`manage promote`"""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand

from ....serving import version_commands


class Command(BaseCommand):
    help = "Make VERSION the current one; services load it at their next request."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("version", metavar="VERSION")
        force = "Also if it breaks callers of the current one."
        parser.add_argument("--force", action="store_true", help=force)

    def handle(self, *args: Any, **options: Any) -> None:
        say = self.stdout.write
        version_commands.promote(options["version"], force=options["force"], say=say)

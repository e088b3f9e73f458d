"""`manage compare`"""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand

from ....serving import version_commands


class Command(BaseCommand):
    help = "Show two versions side by side, and what callers of OLD, by default the current, meet."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("old", metavar="OLD", nargs="?")
        parser.add_argument("new", metavar="NEW")

    def handle(self, *args: Any, **options: Any) -> None:
        version_commands.compare(options["old"], options["new"], self.stdout.write)

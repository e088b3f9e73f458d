"""`manage shadow`"""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand

from ....serving import shadow_command
from ...database import outdated
from ...log import open_log


class Command(BaseCommand):
    help = "Let VERSION answer beside the current one, unseen; or show how its answers compare."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("version", metavar="VERSION", nargs="?")
        parser.add_argument("--off", action="store_true", help="Let none answer there any more.")

    def handle(self, *args: Any, **options: Any) -> None:
        version, off, say = options["version"], options["off"], self.stdout.write
        if version or off:
            shadow_command.choose(version, off=off, say=say)
        else:
            shadow_command.tell(open_log(), outdated=outdated, say=say)

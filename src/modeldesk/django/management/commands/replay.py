"""`manage replay`"""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management import BaseCommand

from ....serving import log_commands
from ....serving.replay import ROWS
from ...database import outdated
from ...log import open_log


def at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ArgumentTypeError("it is at least 1")
    return number


class Command(BaseCommand):
    help = "Ask VERSION what the newest rows of the log asked, and show which answers differ."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("version", metavar="VERSION")
        limit = f"Rows, {ROWS:,} by default."
        parser.add_argument("--limit", type=at_least_one, default=ROWS, help=limit)

    def handle(self, *args: Any, **options: Any) -> None:
        version, limit, say = options["version"], options["limit"], self.stdout.write
        log_commands.replay(version, limit, open_log(), outdated=outdated, say=say)

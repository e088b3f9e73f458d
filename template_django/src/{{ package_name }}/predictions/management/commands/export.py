"""`manage export`"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand

from ....serving import commands
from ...database import outdated
from ...log import open_log


class Command(BaseCommand):
    help = (
        "Write every prediction to a new FILE of JSON Lines. "
        "Interrupted, it leaves FILE.part; the next run continues it."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        log, say = open_log(), self.stdout.write
        commands.export_file(options["file"], log, outdated=outdated, say=say)

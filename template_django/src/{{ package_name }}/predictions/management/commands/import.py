"""`manage import`"""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand

from ....serving import commands
from ...database import outdated
from ...log import open_log


class Command(BaseCommand):
    help = (
        "Add the predictions of an exported FILE that are not there yet. "
        "One that is there stays as it is; interrupted, it continues when run again."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        log, say = open_log(), self.stdout.write
        if not commands.import_file(options["file"], log, outdated=outdated, say=say):
            sys.exit(1)

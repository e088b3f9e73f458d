"""`manage import`"""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand

from ....serving import commands
from ...database import outdated
from ...stores import open_stores


class Command(BaseCommand):
    help = (
        "Add what is in an exported FILE and not there yet. "
        "What is there stays as it is; interrupted, it continues when run again."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        say = self.stdout.write
        stores = open_stores()
        if not commands.import_file(options["file"], stores, outdated=outdated, say=say):
            sys.exit(1)

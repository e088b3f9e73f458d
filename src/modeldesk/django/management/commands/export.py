"""`manage export`"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand

from ....serving import commands
from ...database import outdated
from ...stores import accounts, open_stores

KEPT = ", ".join(accounts()) + " and " if accounts() else ""


class Command(BaseCommand):
    help = (
        f"Write every {KEPT}prediction to a new FILE of JSON Lines. "
        "Also the daily totals of predictions that were pruned. "
        "Interrupted, it leaves FILE.part; the next run continues it."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        stores = open_stores()
        commands.export_file(options["file"], stores, outdated=outdated, say=self.stdout.write)

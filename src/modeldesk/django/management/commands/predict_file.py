"""`manage predict-file`"""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand

from ....serving import commands


class Command(BaseCommand):
    help = "Predict every row of a CSV or Parquet file."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", metavar="IN", type=Path)
        parser.add_argument("target", metavar="OUT", type=Path)
        parser.add_argument("--encoding", default="utf-8-sig", help="Of a CSV file.")

    def handle(self, *args: Any, **options: Any) -> None:
        source, target = options["source"], options["target"]
        encoding = options["encoding"]
        if not commands.predict(source, target, encoding=encoding, say=self.stdout.write):
            sys.exit(1)

"""`manage prune`"""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandParser

from ....serving import prune_command
from ...connection import open_summaries
from ...database import outdated
from ...log import open_log


class Command(BaseCommand):
    help = (
        "Make daily totals of predictions older than DAYS days, and remove old versions. "
        "Such predictions are gone then: for the API, which answers 404, for pages and the admin, "
        "and for training. A version goes that was trained before, is not in use, and no "
        "prediction names. Interrupted, it continues when run again."
    )
    requires_system_checks = []

    def create_parser(self, prog_name: str, subcommand: str, **options: Any) -> CommandParser:
        """With a --version of ours; Django's tells its own."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **options)

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("--older-than", metavar="DAYS", required=True, help="Whole days in UTC.")
        told = "Remove this one, too, even if predictions name it."
        add("--version", metavar="VERSION", help=told)
        add("--dry-run", action="store_true", help="Only tell what would be done.")

    def handle(self, *args: Any, **options: Any) -> None:
        prune_command.run(
            options["older_than"],
            options["version"],
            dry_run=options["dry_run"],
            log=open_log(),
            summaries=open_summaries(),
            outdated=outdated,
            say=self.stdout.write,
        )

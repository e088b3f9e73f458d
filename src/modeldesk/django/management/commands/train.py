"""`manage train`"""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand

from ....serving import commands, log_commands
from ...database import outdated
from ...log import open_log


class Command(BaseCommand):
    help = "Train the model in ml/train.py and make it current."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        with_feedback = "Add logged rows with a true outcome."
        add("--with-feedback", action="store_true", help=with_feedback)
        add("--no-promote", action="store_true", help="Save it, and serve it later.")
        add("--force", action="store_true", help="Also if it breaks callers of the current one.")

    def handle(self, *args: Any, **options: Any) -> None:
        say, logged = self.stdout.write, None
        if options["with_feedback"]:
            logged = log_commands.logged_rows(open_log(), outdated=outdated, say=say)
        promote, force = not options["no_promote"], options["force"]
        commands.train(say, promote=promote, force=force, logged=logged)

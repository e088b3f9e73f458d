"""`manage train`"""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand

from ....serving import commands


class Command(BaseCommand):
    help = "Train the model in ml/train.py and make it current."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("--no-promote", action="store_true", help="Save it, and serve it later.")
        add("--force", action="store_true", help="Also if it breaks callers of the current one.")

    def handle(self, *args: Any, **options: Any) -> None:
        promote = not options["no_promote"]
        commands.train(self.stdout.write, promote=promote, force=options["force"])

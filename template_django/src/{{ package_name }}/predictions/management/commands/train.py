"""`manage train`"""

from typing import Any

from django.core.management import BaseCommand

from ....serving import commands


class Command(BaseCommand):
    help = "Train the model in ml/train.py and make it current."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        commands.train(self.stdout.write)

"""`manage create-admin`"""

import os
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.core.management import BaseCommand

from .....serving.commands import NotReady
from ....database import outdated
from ...admins import make_admin


class Command(BaseCommand):
    help = "Make an administrator, also of an account that is there."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        if fault := outdated():
            raise NotReady(fault)
        password = os.environ.get("ADMIN_PASSWORD") or _typed()
        self.stdout.write(f"{make_admin(options['email'], password)} is an administrator.")


def _typed() -> str:
    password = getpass("Password: ")
    if getpass("Again: ") != password:
        raise NotReady("These are two passwords; start again.")
    return password

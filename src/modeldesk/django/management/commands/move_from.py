"""`manage move-from`"""

from argparse import ArgumentParser
from typing import Any

from django.apps import apps
from django.core.management import BaseCommand

from ....moving import command
from ...conf import project_settings
from ...database import outdated
from ...stores import open_stores


class Command(BaseCommand):
    help = command.HELP
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("url", metavar="URL")
        parser.add_argument("--check", action="store_true", help=command.CHECK)
        parser.add_argument("--add", action="store_true", help=command.ADD)
        parser.add_argument("--accounts", choices=command.FRAMEWORKS, help=command.ACCOUNTS)

    def handle(self, *args: Any, **options: Any) -> None:
        command.run(
            options["url"],
            check=options["check"],
            add=options["add"],
            whose=options["accounts"],
            settings=project_settings(),
            framework="django",
            here=open_stores(),
            roles=_roles(),
            outdated=outdated,
            say=self.stdout.write,
        )


def _roles() -> list[str]:
    if not apps.is_installed("modeldesk.django.accounts"):
        return []
    from ...accounts.project import roles

    return [*roles().ROLES]

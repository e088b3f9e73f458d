"""`manage serve`"""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand

from ....serving import commands
from ....serving.size import WORKERS
from ....serving.tallies import bring_up_to_date
from ...conf import project_settings
from ...connection import open_summaries
from ...database import migrate, outdated, unreachable
from ...log import open_log


class Command(BaseCommand):
    help = "Run the production server."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=WORKERS, help="Processes.")

    def handle(self, *args: Any, **options: Any) -> None:
        commands.serve(
            ":".join(str(settings.WSGI_APPLICATION).rsplit(".", 1)),
            project_settings(),
            host=options["host"],
            port=options["port"],
            workers=options["workers"],
            unreachable=unreachable,
            outdated=outdated,
            migrate=migrate,
            count=lambda anew: bring_up_to_date(open_log(), open_summaries(), anew=anew),
            say=self.stdout.write,
        )

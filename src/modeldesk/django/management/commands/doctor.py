"""`manage doctor`"""

import sys
from argparse import ArgumentParser
from functools import partial
from typing import Any

from django.conf import settings
from django.core.mail import get_connection
from django.core.management import BaseCommand

from ....serving.doctor import MAIL_LIMIT, Check, examine
from ....serving.unreachable import unwritable
from ...conf import project_settings
from ...database import outdated, unreachable
from ...log import open_log

CSRF = "django.middleware.csrf.CsrfViewMiddleware"


class Command(BaseCommand):
    help = "Look for what would keep the service from working."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        def database() -> Check:
            return Check("database", "reachable", unreachable())

        def migrations() -> Check:
            return Check("migrations", "all applied", outdated())

        def log() -> Check:
            url = project_settings().database_url
            return Check("log", "takes predictions", unwritable(url, open_log()))

        host, port, looks = options["host"], options["port"], (database, migrations, log)
        forms = CSRF in settings.MIDDLEWARE
        mail = partial(get_connection, timeout=MAIL_LIMIT) if project_settings().auth else None
        checks = list(examine(project_settings(), host, port, *looks, has_forms=forms, mail=mail))
        self.stdout.write("\n".join(map(str, checks)))
        if any(check.fault for check in checks):
            sys.exit(1)

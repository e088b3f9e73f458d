"""`manage follow`"""

from typing import Any

from django.core.management import BaseCommand

from ....serving.shadow import follow
from ...conf import project_settings
from ...log import open_log


class Command(BaseCommand):
    help = "Answer as the shadow; `manage serve` runs it."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        follow(open_log(), project_settings())

"""The app, under the label that its tables, permissions and migrations have had from the first."""

from functools import cached_property

from django.apps import AppConfig

from ..serving.deployment import Deployment
from ..serving.service import Service
from .conf import project_settings


class ModelDeskConfig(AppConfig):
    name = "modeldesk.django"
    label = "predictions"
    verbose_name = "Predictions"

    def ready(self) -> None:
        from . import moved

        moved.install()

    @cached_property
    def service(self) -> Service:
        from .log import open_log

        chosen = project_settings()
        return Service(Deployment(chosen.artifacts_dir, auth=chosen.auth), open_log(), chosen)

"""The service of the current application."""

from flask import current_app

from .log import open_log
from .serving.deployment import Deployment
from .serving.service import Service
from .serving.settings import Settings


def get_service() -> Service:
    """The service, made when it is first asked for.

    Raises:
        ArtifactError: there is no model, or it cannot be served.
    """
    service: Service | None = current_app.extensions.get("service")
    if service is None:
        settings: Settings = current_app.config["SETTINGS"]
        service = Service(Deployment(settings.artifacts_dir), open_log(), settings)
        current_app.extensions["service"] = service
    return service

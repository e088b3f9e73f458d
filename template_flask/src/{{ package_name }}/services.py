"""The service of the current application."""

from flask import current_app
from modeldesk.serving.deployment import Deployment
from modeldesk.serving.service import Service
from modeldesk.serving.settings import Settings

from .log import open_log


def get_service() -> Service:
    """The service, made when it is first asked for.

    Raises:
        ArtifactError: there is no model, or it cannot be served.
    """
    service: Service | None = current_app.extensions.get("service")
    if service is None:
        settings: Settings = current_app.config["SETTINGS"]
        deployment = Deployment(settings.artifacts_dir, auth=settings.auth)
        service = Service(deployment, open_log(), settings)
        current_app.extensions["service"] = service
    return service

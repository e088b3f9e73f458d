"""The service: a model, its log and what is answered from them."""

from typing import cast

from django.apps import apps

from ..serving.service import Service
from .apps import ModelDeskConfig


def get_service() -> Service:
    """The service, made when it is first asked for.

    Raises:
        ArtifactError: there is no model, or it cannot be served.
    """
    return cast(ModelDeskConfig, apps.get_app_config("predictions")).service

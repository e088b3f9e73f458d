"""The settings of Django that a project has for this app: SETTINGS and SERVICE_NAME."""

from typing import Any

from django.conf import settings

from ..serving.settings import Settings

_django: Any = settings


def project_settings() -> Settings:
    """What the environment and `.env` say, as the project's `config.py` has read it."""
    found: Settings = _django.SETTINGS
    return found


def service_name() -> str:
    """What pages and mails call the service."""
    return str(_django.SERVICE_NAME)


def project_package() -> str:
    """The package of the project, as its URLs are in it."""
    return str(_django.ROOT_URLCONF).partition(".")[0]

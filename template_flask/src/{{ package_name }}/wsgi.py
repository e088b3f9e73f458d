"""The WSGI application that `manage serve` runs."""

from . import create_app
from .services import get_service

application = create_app()
with application.app_context():
    get_service()  # a model that cannot be served stops the start, not the first request

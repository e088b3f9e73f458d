"""The WSGI application that `manage serve` runs."""

from . import create_app, desk

application = create_app()
desk.load_model(application)  # a model that cannot be served stops the start

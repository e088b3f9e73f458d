"""The extension."""

from flask import Flask

from ..serving.fast_path import FastPath
from ..serving.middleware import MAX_BODY, MAX_FIELDS, Gateway
from ..serving.settings import Settings
from ..serving.waiting import Waiting
from . import api, requests, site
from .database import database_of
from .fast_path import FlaskPath
from .state import NAME, State, get_service


class ModelDesk:
    """Serves the model of a project: API, documentation, log, metrics, commands, errors as pages.

    `name` is what pages and mails call the service, `settings` the project's class of settings.
    """

    def __init__(self, name: str, settings: type[Settings] = Settings) -> None:
        self.name, self.settings = name, settings

    def init_app(self, app: Flask) -> None:
        """Before the extensions of the project, which find what they need in `app.config`.

        So do views: each setting is there by its name in capitals.

        Raises:
            SettingsError: a setting is missing or wrong.
        """
        settings = self.settings.load()
        app.config.from_mapping({name.upper(): value for name, value in settings})
        app.config.from_mapping(
            PROVIDE_AUTOMATIC_OPTIONS=False,
            TRUSTED_HOSTS=None if "*" in settings.allowed_hosts else settings.allowed_hosts,
            MAX_CONTENT_LENGTH=MAX_BODY,
            MAX_FORM_MEMORY_SIZE=MAX_BODY,
            MAX_FORM_PARTS=MAX_FIELDS,
            SESSION_COOKIE_NAME=settings.cookie_name("session"),
            SESSION_COOKIE_SECURE=settings.https,
            SESSION_COOKIE_SAMESITE="Lax",
            # Told by us: Flask-Admin would show what the driver says.
            FLASK_ADMIN_RAISE_ON_VIEW_EXCEPTION=True,
        )
        database = database_of(settings)
        database.init_app(app)
        gateway = Gateway(app.wsgi_app, settings)
        app.extensions[NAME] = State(self.name, settings, database, gateway)
        app.url_map.merge_slashes = False
        requests.init_app(app, settings)
        site.init_app(app)
        app.register_blueprint(api.blueprint)
        app.wsgi_app = gateway  # type: ignore[method-assign]

    def load_model(self, app: Flask) -> None:
        """Load the model now: one that cannot be served stops the start, not the first request.

        One that answers otherwise here than where it was made is waited for, with 503.

        Raises:
            ArtifactError: there is none, or it cannot be served.
        """

        def start() -> None:
            with app.app_context():
                get_service()

        state: State = app.extensions[NAME]
        fast = FastPath(state.gateway.app, FlaskPath(app), state.settings)
        state.gateway.app = Waiting(fast, start, state.settings.artifacts_dir)

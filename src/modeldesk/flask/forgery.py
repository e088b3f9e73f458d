"""Refuses forged requests: what changes something needs the token that our own pages hold."""

from typing import Any

from flask import Flask, Response, current_app, g, request
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError, generate_csrf
from markupsafe import Markup
from werkzeug.local import LocalProxy

from ..serving.answers import Problem
from ..serving.forgery import is_foreign, refusal
from . import api
from .site import handle_error
from .state import get_settings


class Protection(CSRFProtect):
    """Flask-WTF's, and the origin of a form is looked at as Django does."""

    def protect(self, *given: Any, **options: Any) -> None:
        super().protect(*given, **options)
        if g.pop("csrf_valid", False):
            if is_foreign(request.environ, get_settings()):
                raise CSRFError("The origin is not trusted.")
            g.csrf_valid = True  # for Flask-WTF's forms


def protect(app: Flask) -> None:
    """Protect all but the API, where a cookie alone is not enough; a second time does nothing."""
    if "csrf" in app.extensions:
        return
    app.config["WTF_CSRF_SSL_STRICT"] = False  # which asks for a Referer beside the Origin
    Protection(app).exempt(api.blueprint)
    app.before_request(refuse_json)
    app.register_error_handler(CSRFError, refuse)
    # A page without a form starts no session.
    app.context_processor(lambda: {"csrf_input": LocalProxy(hidden_input)})


def hidden_input() -> Markup:
    """What every form holds."""
    html = Markup('<input type="hidden" name="csrf_token" value="{}">')
    return html.format(generate_csrf())


def refuse_json() -> None:
    """Only the API takes it; forms would take values of any type for texts."""
    if request.is_json and request.endpoint and request.blueprint != "api":
        raise Problem(415, "Send this as a form does; JSON is for the API.")


def refuse(error: CSRFError) -> Response:
    no_cookie = current_app.config["SESSION_COOKIE_NAME"] not in request.cookies
    reason, settings = str(error.description), get_settings()
    return handle_error(refusal(request.environ, settings, reason, no_cookie=no_cookie))

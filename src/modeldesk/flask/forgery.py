"""Refuses forged requests: what changes something needs the token that our own pages hold."""

from flask import Flask, Response, request
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError, generate_csrf
from markupsafe import Markup
from werkzeug.exceptions import Forbidden
from werkzeug.local import LocalProxy

from ..serving.answers import Problem
from . import api
from .site import handle_error


def protect(app: Flask) -> None:
    """Protect all but the API, where a cookie alone is not enough; a second time does nothing."""
    if "csrf" in app.extensions:
        return
    CSRFProtect(app).exempt(api.blueprint)
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


def refuse(_: Exception) -> Response:
    return handle_error(Forbidden())

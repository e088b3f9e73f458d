"""What is done before every request."""

from flask import Flask, redirect, request
from werkzeug.wrappers import Response

from ..serving.middleware import PROBES
from ..serving.settings import Settings


def init_app(app: Flask, settings: Settings) -> None:
    app.before_request(name_route)
    app.before_request(refuse)
    if settings.https and settings.proxies:
        app.before_request(insist_on_https)


def name_route() -> None:
    """For metrics, which the gateway counts."""
    if request.url_rule:
        request.environ["app.route"] = request.url_rule.rule


def refuse() -> None:
    """Show what the gateway found wrong."""
    if problem := request.environ.get("app.problem"):
        raise problem


def here() -> str:
    """Where a person is, to come back to after a log-in."""
    path = request.full_path.rstrip("?") if request.method == "GET" else request.path
    return request.root_path + path


def insist_on_https() -> Response | None:
    """Only a proxy speaks HTTPS; probes come to the service itself."""
    if request.is_secure or request.path in PROBES:
        return None
    return redirect(request.url.replace("http:", "https:", 1), 301)

"""The API: the shared routes as Flask views."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request

from .services import get_service
from .serving.answers import Answer, Request
from .serving.service import ROUTES

blueprint = Blueprint("api", __name__)


def respond(answer: Answer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers), None, answer.content_type)


def _view(handler: Callable[..., Any]) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        given = Request(
            body=request.get_data(),
            content_type=request.content_type or "",
            query={name: values[-1] for name, values in request.args.lists()},
            id=request.environ["app.request_id"],
        )
        return respond(get_service().answer(handler, given, **path))

    return view


for path, (method, handler) in ROUTES.items():
    blueprint.add_url_rule(path, handler.__name__, _view(handler), methods=[method])

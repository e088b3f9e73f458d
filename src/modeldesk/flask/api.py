"""The API: the shared routes as Flask views."""

from collections.abc import Callable
from functools import cache
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.routing import BaseConverter

from ..serving.answers import Answer, Problem, Request
from ..serving.service import ROUTES
from .state import current_state, get_service


class Word(BaseConverter):
    """A part of a path, up to the colon before a verb."""

    regex = "[^/:]+"
    part_isolating = True


blueprint = Blueprint("api", __name__)
blueprint.record_once(lambda state: state.app.url_map.converters.update(word=Word))


def respond(answer: Answer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers), None, answer.content_type)


@cache
def view_of(handler: Callable[..., Any]) -> Callable[..., Response]:
    """The view of a route."""

    def view(**path: str) -> Response:
        given = Request(
            body=request.get_data(),
            headers=request.headers,
            query={name: values[-1] for name, values in request.args.lists()},
            id=request.environ["app.request_id"],
            root=request.root_path,
        )
        if accounts := current_state().accounts:
            try:
                accounts.identify()
            except Problem as problem:
                return respond(problem.answer(given.id))
        return respond(get_service().answer(handler, given, **path))

    return view


for path, (method, handler) in ROUTES.items():
    blueprint.add_url_rule(path, handler.__name__, view_of(handler), methods=[method])

"""The addresses of the API, to be included at the root: the routes of the service as views."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path, register_converter
from django.urls.converters import StringConverter
from django.views.decorators.csrf import csrf_exempt

from ..serving.answers import Request
from ..serving.service import ROUTES
from .conf import project_settings
from .http import View, respond, takes
from .service import get_service


class Word(StringConverter):
    """A part of a path, up to the colon before a verb."""

    regex = "[^/:]+"


register_converter(Word, "word")


@cache
def view_of(method: str, handler: Callable[..., Any]) -> View:
    """The view of a route."""

    @takes(*(["GET", "HEAD"] if method == "GET" else [method]))
    @csrf_exempt
    @login_not_required  # the service says itself who may ask
    def view(request: HttpRequest, **parameters: str) -> HttpResponse:
        given = Request(
            body=request.body,
            headers=request.headers,
            query=request.GET,
            id=request.META["app.request_id"],
            root=request.META["SCRIPT_NAME"],
        )
        if project_settings().auth:
            from .accounts.callers import identify

            identify(request)
        return respond(get_service().answer(handler, given, **parameters))

    return view


urlpatterns = [
    path(address.removeprefix("/"), view_of(method, handler), name=handler.__name__)
    for address, (method, handler) in ROUTES.items()
]

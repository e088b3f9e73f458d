"""The API: the shared routes as Django views."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from .predictions.apps import get_service
from .serving.answers import Answer, Request, framework_problem
from .serving.service import ROUTES


def respond(answer: Answer) -> HttpResponse:
    return HttpResponse(answer.body, answer.content_type, answer.status, headers=answer.headers)


def allow(request: HttpRequest, *methods: str) -> None:
    """Raise a problem unless the request has one of these methods."""
    if request.method not in methods:
        raise framework_problem(405, ", ".join(methods))


def _view(method: str, handler: Callable[..., Any]) -> Callable[..., HttpResponse]:
    @csrf_exempt
    def view(request: HttpRequest, **parameters: str) -> HttpResponse:
        allow(request, *(["GET", "HEAD"] if method == "GET" else [method]))
        given = Request(
            body=request.body,
            content_type=request.headers.get("Content-Type", ""),
            query=request.GET,
            id=request.META["app.request_id"],
        )
        return respond(get_service().answer(handler, given, **parameters))

    return view


urlpatterns = [
    path(address.removeprefix("/"), _view(method, handler), name=handler.__name__)
    for address, (method, handler) in ROUTES.items()
]

"""The API: the shared routes as Django views."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from .predictions.apps import get_service
from .serving.answers import Answer, Request
from .serving.service import ROUTES

View = Callable[..., HttpResponse]


def respond(answer: Answer) -> HttpResponse:
    return HttpResponse(answer.body, answer.content_type, answer.status, headers=answer.headers)


def takes(*methods: str) -> Callable[[View], View]:
    """Name the methods of a view; ProblemMiddleware refuses others, before CSRF is looked at."""

    def mark(view: View) -> View:
        vars(view)["methods"] = methods
        return view

    return mark


def _view(method: str, handler: Callable[..., Any]) -> View:
    @takes(*(["GET", "HEAD"] if method == "GET" else [method]))
    @csrf_exempt
    def view(request: HttpRequest, **parameters: str) -> HttpResponse:
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

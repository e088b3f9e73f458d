"""Between the answers of the service and Django's responses."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect

from ..serving.answers import Answer

View = Callable[..., Any]


def respond(answer: Answer) -> HttpResponse:
    return HttpResponse(answer.body, answer.content_type, answer.status, headers=answer.headers)


def see(address: str) -> HttpResponse:
    """A redirect, after a form was sent, to a page that is read."""
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response


def takes(*methods: str) -> Callable[[View], View]:
    """Name the methods of a view; ProblemMiddleware refuses others, before CSRF is looked at."""

    def mark(view: View) -> View:
        vars(view)["methods"] = methods
        return view

    return mark

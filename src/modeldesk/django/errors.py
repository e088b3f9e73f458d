"""Errors as pages for browsers, and as problem documents for everybody else.

A project names `bad_request`, `not_found` and `server_error` as its handlers in `urls.py`, and
`refuse_forgery` as CSRF_FAILURE_VIEW.
"""

import sys

from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ..serving.answers import Problem, as_problem, framework_problem, wants_page
from ..serving.forgery import refusal
from .conf import project_settings
from .connection import unavailable
from .http import respond


def problem_of(error: Exception) -> Problem:
    """The problem that stands for an error, also one of the database in Django's own tables."""
    return as_problem(unavailable(error) or error)


def show_problem(request: HttpRequest, problem: Problem) -> HttpResponse:
    request_id = request.META["app.request_id"]
    if not wants_page(problem, request.path_info, request.headers.get("Accept", "")):
        return respond(problem.answer(request_id))
    context = {"problem": problem, "request_id": request_id}
    response = render(request, "modeldesk/error.html", context, status=problem.status)
    for name, text in problem.headers.items():
        response.headers[name] = text
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return show_problem(request, framework_problem(400))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return show_problem(request, framework_problem(404))


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer also what middleware raises."""
    error = sys.exc_info()[1]
    problem = problem_of(error) if isinstance(error, Exception) else framework_problem(500)
    return show_problem(request, problem)


def refuse_forgery(request: HttpRequest, reason: str = "") -> HttpResponse:
    no_cookie = django_settings.CSRF_COOKIE_NAME not in request.COOKIES
    problem = refusal(request.META, project_settings(), reason, no_cookie=no_cookie)
    return show_problem(request, problem)

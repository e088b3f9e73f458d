"""What is done around every view."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from ..serving.answers import framework_problem
from ..serving.reporting import report
from .errors import problem_of, show_problem
from .http import View


class ProblemMiddleware:
    """Answers what views raise or do not take, and names the matched route for the metrics."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: View, *_: Any) -> HttpResponse | None:
        if request.resolver_match:
            request.META["app.route"] = f"/{request.resolver_match.route}"
        if problem := request.META.get("app.problem"):  # which the gateway found
            return show_problem(request, problem)
        methods = vars(view).get("methods", [request.method])
        if request.method in methods:
            return None
        return show_problem(request, framework_problem(405, ", ".join(methods)))

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse:
        problem = problem_of(error)
        report(problem, error)
        return show_problem(request, problem)

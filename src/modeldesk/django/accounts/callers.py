"""Who asks: the account of a token, or of the session."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware

from ...accounts import holders
from ...serving.answers import Problem
from ...serving.callers import Caller, current_caller
from .holders import tokens


def identify(request: HttpRequest) -> None:
    """Let the service know who calls the API.

    Raises Problem 401 for a token that is not good, and 403 for a session without the CSRF token.
    """
    if authorization := request.headers.get("Authorization"):
        identify_token(authorization)
    elif request.user.is_authenticated:
        _refuse_forgery(request)
        know(request.user)


def identify_token(authorization: str) -> None:
    """Let the service know whose token this header has. Raises Problem 401 when it is not good."""
    holders.identify(authorization, tokens())


def know(user: Any) -> None:
    """Let the service know that this account asks."""
    current_caller.set(Caller(user.pk, frozenset(user.get_all_permissions())))


def _refuse_forgery(request: HttpRequest) -> None:
    """As Django does for its forms, of which API views are exempt."""

    def unused(_: HttpRequest) -> HttpResponse:
        raise NotImplementedError

    if CsrfViewMiddleware(unused).process_view(request, unused, (), {}):
        detail = "With a session, send the CSRF token of a page in the header X-CSRFToken."
        raise Problem(403, detail)

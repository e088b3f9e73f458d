"""Who asks: the account of a token, or of the session."""

from typing import Any

from flask import request
from flask_security import current_user
from flask_wtf.csrf import ValidationError, validate_csrf

from ...accounts import holders
from ...serving.answers import Problem
from ...serving.callers import Caller, current_caller
from ..state import get_settings
from .current import get_accounts

SAFE = ("GET", "HEAD", "OPTIONS")


def identify() -> None:
    """Let the service know who calls the API, where callers have accounts.

    Raises Problem 401 for a token that is not good, and 403 for a session without the CSRF token.
    """
    if not get_settings().auth:
        return
    if authorization := request.headers.get("Authorization"):
        holders.identify(authorization, get_accounts().database.tokens)
        return
    if current_user.is_authenticated:
        _refuse_forgery()
        know(current_user._get_current_object())


def know(user: Any) -> None:
    """Let the service know that this account asks."""
    current_caller.set(Caller(user.id, permissions_of(user)))


def permissions_of(user: Any) -> frozenset[str]:
    """What the roles of an account allow."""
    return frozenset().union(*(role.get_permissions() for role in user.roles))


def _refuse_forgery() -> None:
    if request.method not in SAFE:
        try:
            validate_csrf(request.headers.get("X-CSRFToken"))
        except ValidationError:
            detail = "With a session, send the CSRF token of a page in the header X-CSRFToken."
            raise Problem(403, detail) from None

"""Who asks: the account of a token, or of the session."""

from typing import Any

from flask import request
from flask_security import current_user
from flask_wtf.csrf import ValidationError, validate_csrf

from ...accounts.tokens import bearer, digest, is_alive, is_used_anew
from ...serving.answers import Problem
from ...serving.callers import Caller, current_caller
from ..state import get_settings
from .current import get_accounts
from .defaults import now

SAFE = ("GET", "HEAD", "OPTIONS")


def identify() -> None:
    """Let the service know who calls the API, where callers have accounts.

    Raises Problem 401 for a token that is not good, and 403 for a session without the CSRF token.
    """
    if not get_settings().auth:
        return
    if authorization := request.headers.get("Authorization"):
        identify_token(authorization)
        return
    if current_user.is_authenticated:
        _refuse_forgery()
        know(current_user._get_current_object())


def identify_token(authorization: str) -> None:
    """Let the service know whose token this header has. Raises Problem 401 when it is not good."""
    accounts = get_accounts()
    token = accounts.database.find_token(digest(bearer(authorization) or ""))
    if not token or not is_alive(token.expires_at) or not token.user.is_usable:
        detail = "This token is not known, or has ended; make a new one at /accounts/tokens."
        raise Problem(401, detail, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
    know(token.user)
    if is_used_anew(token.last_used_at):
        token.last_used_at = now()
        accounts.datastore.put(token)
        accounts.datastore.commit()


def know(user: Any) -> None:
    """Let the service know that this account asks."""
    permissions = [role.get_permissions() for role in user.roles]
    current_caller.set(Caller(user.id, frozenset().union(*permissions)))


def _refuse_forgery() -> None:
    if request.method not in SAFE:
        try:
            validate_csrf(request.headers.get("X-CSRFToken"))
        except ValidationError:
            detail = "With a session, send the CSRF token of a page in the header X-CSRFToken."
            raise Problem(403, detail) from None

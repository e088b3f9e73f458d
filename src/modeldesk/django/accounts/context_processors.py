"""What the header of every page shows of the account."""

from contextlib import suppress
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from ...serving.log import LogUnavailable
from ..connection import reaching
from .project import roles


def account(request: HttpRequest) -> dict[str, Any]:
    """Whose it is, once a page asks."""
    return {"account": SimpleLazyObject(lambda: _account(request))}


def _account(request: HttpRequest) -> dict[str, Any]:
    with suppress(LogUnavailable), reaching():  # also of the page that tells of it
        user: Any = request.user
        if user.is_authenticated:
            return {"name": str(user), "staff": user.has_perm(roles().STAFF)}
    return {}

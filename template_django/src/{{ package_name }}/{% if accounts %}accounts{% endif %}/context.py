"""What the header of every page shows of the account."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from .roles import STAFF


def shared(request: HttpRequest) -> dict[str, Any]:
    """A context processor."""
    return {"account": SimpleLazyObject(lambda: _account(request))}


def _account(request: HttpRequest) -> dict[str, Any]:
    if not request.user.is_authenticated:
        return {}
    return {"name": str(request.user), "staff": request.user.has_perm(STAFF)}

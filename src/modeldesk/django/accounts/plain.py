"""Whether accounts are asked for nothing but what the library and Django know of them."""

from django.conf import settings
from django.contrib.auth import get_backends
from django.contrib.auth.backends import ModelBackend
from django.db import connection
from django.db.models import Manager
from django.db.models.signals import post_init, pre_init

from ...accounts.authors import is_written_in
from .project import token_model, user_model

KNOWN = ("builtins", "django", "modeldesk")
OF_ANY = ("__getattribute__", "__getattr__", "__init__", "from_db")
OF_TOKENS = (*OF_ANY, "user", "digest", "expires_at", "last_used_at")
OF_PERMISSIONS = (
    *("get_all_permissions", "get_user_permissions", "get_group_permissions"),
    *("_get_permissions", "_get_user_permissions", "_get_group_permissions"),
)
OF_USERS = (
    *(*OF_ANY, "is_usable", "is_active", "confirmed_at", "is_superuser", "is_anonymous"),
    *("groups", "user_permissions", "get_all_permissions"),
)


def are_plain() -> bool:
    """Whether no code of an owner says whose a token is, whether it is good and what it allows."""
    backends = [type(backend) for backend in get_backends()]
    models = token_model(), user_model()
    return (
        connection.vendor != "mongodb"
        and not settings.DATABASE_ROUTERS
        and any(issubclass(backend, ModelBackend) for backend in backends)
        and all(is_written_in(KNOWN, one, (*OF_ANY[:3], *OF_PERMISSIONS)) for one in backends)
        and is_written_in(KNOWN, models[0], OF_TOKENS)
        and is_written_in(KNOWN, models[1], OF_USERS)
        and type(models[0].objects) is Manager
        and not any(signal.has_listeners(m) for signal in (pre_init, post_init) for m in models)
    )

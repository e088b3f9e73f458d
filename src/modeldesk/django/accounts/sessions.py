"""Ends the sessions of an account."""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core.checks import CheckMessage, Warning
from django.utils import timezone


def end_sessions(user: Any, **_: Any) -> None:
    """Of who logs out, on all devices, as in Flask.

    A session names its account only in what is encoded, so all that have not ended are read.
    """
    store = _store()
    if user is None or not _is_listed(store):
        return
    rows = store.get_model_class().objects.filter(expire_date__gt=timezone.now())
    own = [
        row.session_key
        for row in rows.iterator()
        if store.decode(row.session_data).get(SESSION_KEY) == str(user.pk)
    ]
    for key in own:
        store.delete(key)


def check_sessions(**_: Any) -> list[CheckMessage]:
    """Tell an owner who keeps sessions elsewhere what a log-out does not do then."""
    if _is_listed(_store()):
        return []
    says = f"A log-out ends one session only, as those of {settings.SESSION_ENGINE} have no list."
    hint = "Let SESSION_ENGINE be django.contrib.sessions.backends.db, or .cached_db."
    return [Warning(says, hint=hint, id="modeldesk.W001")]


def _store() -> Any:
    return import_module(settings.SESSION_ENGINE).SessionStore()


def _is_listed(store: Any) -> bool:
    return hasattr(store, "get_model_class")

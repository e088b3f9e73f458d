"""Ends the sessions of an account."""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.utils import timezone


def end_sessions(user: Any, **_: Any) -> None:
    """Of who logs out, on all devices, as in Flask.

    A session does not name its account but in what is encoded, so all are read.
    """
    if user is None:
        return
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    rows = store.get_model_class().objects.filter(expire_date__gt=timezone.now())
    keys = [
        row.session_key
        for row in rows.iterator()
        if store.decode(row.session_data).get(SESSION_KEY) == str(user.pk)
    ]
    rows.filter(session_key__in=keys).delete()

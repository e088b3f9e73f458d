"""How Django reaches MongoDB."""

from typing import Any
from urllib.parse import unquote

from pydantic_core import MultiHostUrl

from ...serving.database_url import CONNECT_TIMEOUT
from ...serving.settings import Settings
from ...serving.size import THREADS


def settings_for(settings: Settings) -> dict[str, Any]:
    """The entry of DATABASES; options in the URL win over these."""
    url = MultiHostUrl(settings.database_url)
    given = {name.lower() for name, _ in url.query_params()}
    options: dict[str, Any] = {
        "connectTimeoutMS": CONNECT_TIMEOUT * 1000,
        "journal": True,
        "maxPoolSize": THREADS + 1,  # one more for the thread of the buffered log
        "serverSelectionTimeoutMS": CONNECT_TIMEOUT * 1000,
        # Not timeoutMS, which would be how long it waits for a server that is gone, too.
        "socketTimeoutMS": settings.database_timeout * 1000,
        "w": "majority",
        "wTimeoutMS": settings.database_timeout * 1000,
    }
    return {
        "ENGINE": "django_mongodb_backend",
        "HOST": settings.database_url,
        "NAME": unquote((url.path or "").removeprefix("/")),
        "OPTIONS": {name: value for name, value in options.items() if name.lower() not in given},
    }

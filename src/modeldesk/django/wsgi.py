"""The application as the server calls it."""

from collections.abc import Callable
from typing import Any

from ..serving.fast_path import FastPath
from ..serving.middleware import Gateway
from ..serving.waiting import Waiting
from .conf import project_settings
from .service import get_service


def serving(application: Callable[..., Any]) -> Gateway:
    """Django's application, with what every response needs around it.

    A model that answers otherwise here than where it was made is waited for, with 503.

    Raises:
        ArtifactError: there is no model that can be served; better now than at a request.
    """
    from .fast_path import DjangoPath  # which needs the apps to be loaded

    settings = project_settings()
    fast = FastPath(application, DjangoPath(), settings)
    return Gateway(Waiting(fast, get_service, settings.artifacts_dir), settings)

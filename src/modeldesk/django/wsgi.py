"""The application as the server calls it."""

from collections.abc import Callable
from typing import Any

from ..serving.middleware import Gateway
from .conf import project_settings
from .service import get_service


def serving(application: Callable[..., Any]) -> Gateway:
    """Django's application, with what every response needs around it.

    Raises:
        ArtifactError: there is no model that can be served; better now than at a request.
    """
    get_service()
    return Gateway(application, project_settings())

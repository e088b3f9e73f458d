"""What every page shows."""

from contextlib import suppress
from typing import Any

from django.http import HttpRequest
from django.template.backends.utils import csrf_input_lazy
from django.templatetags.static import static
from django.urls import NoReverseMatch, get_script_prefix, reverse

from .conf import project_settings, service_name
from .service import get_service

# The names of addresses, by what pages call them. A project has those that its urls.py includes.
ADDRESSES = {
    "form": "form",
    "history": "history",
    "model": "model_page",
    "row": "row",
    "rows": "rows",
    "docs": "docs",
    "openapi": "openapi_document",
    "login": "login",
    "logout": "logout",
    "admin": "admin:index",
}


def service(request: HttpRequest) -> dict[str, Any]:
    """The name of the service, the model that is served, and where everything is."""
    urls = {"root": get_script_prefix().rstrip("/")}
    urls |= {"icon": static("modeldesk/icon.svg"), "style": static("modeldesk/style.css")}
    for name, view in ADDRESSES.items():
        with suppress(NoReverseMatch):
            urls[name] = reverse(view)
    if "login" in urls:
        urls["account"] = reverse("profile" if project_settings().auth else "password")
    return {
        "service": {"name": service_name()},
        "model": get_service().model,
        "csrf_input": csrf_input_lazy(request),
        "urls": urls,
    }

"""The documentation of the API, as a page."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import get_script_prefix

from ..serving.docs import docs
from .http import takes
from .service import get_service


@takes("GET", "HEAD")
@login_not_required
def documentation(request: HttpRequest) -> HttpResponse:
    context = docs(get_service().openapi, request.build_absolute_uri(get_script_prefix()))
    return render(request, "modeldesk/docs.html", context)

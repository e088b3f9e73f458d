"""The pages of the admin that are no tables."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import site
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.templatetags.static import static

from ...ml.artifact import ArtifactError
from ...staff import versions
from ...staff.feedback import Saved, context, save
from ...staff.figures import figures
from ...staff.monitor import events
from ..accounts.project import user_model
from ..connection import open_summaries
from ..http import see, takes
from ..service import get_service

MAY_GIVE = "predictions.change_prediction"
MAY_PROMOTE = "predictions.promote_model"


def key_figures() -> list[dict[str, str]]:
    """What the first page tells at a glance."""
    found = figures(get_service().log, open_summaries(), user_model().objects.count())
    return [{"name": name, "value": value} for name, value in found.items()]


def page(
    request: HttpRequest, title: str, body: str, shown: dict[str, Any], status: int = 200
) -> HttpResponse:
    """A page of the admin around one of the shared templates."""
    around = site.each_context(request) | {"title": title, "body": f"modeldesk/staff/{body}.html"}
    return render(request, "modeldesk/staff/page.html", around | shown, status=status)


@takes("GET", "HEAD", "POST")
def feedback(request: HttpRequest) -> HttpResponse:
    service = get_service()
    user: Any = request.user
    may_give = user.has_perm(MAY_GIVE)
    saved = Saved()
    if request.method == "POST":
        if not may_give:
            raise PermissionDenied
        file = request.FILES.get("file")
        saved = save(service, request.POST, file.read() if file else None)
        if saved.count:
            messages.success(request, str(saved))
        if not saved.faults:
            return see(request.path)
    shown = context(service, request.POST, saved) | {"read_only": not may_give}
    return page(request, "True outcomes", "feedback", shown, 422 if request.POST else 200)


@takes("GET", "HEAD", "POST")
def models(request: HttpRequest) -> HttpResponse:
    service, asked, fault = get_service(), request.GET, ""
    user: Any = request.user
    may_promote = user.has_perm(MAY_PROMOTE)
    if request.method == "POST":
        if not may_promote:
            raise PermissionDenied
        asked = request.POST
        try:
            done = versions.act(service.deployment.root, asked, user.email)
        except ArtifactError as error:
            fault = str(error)
        else:
            LogEntry.objects.create(
                user_id=user.pk, object_repr="Models", action_flag=CHANGE, change_message=done
            )
            messages.success(request, done)
            return see(request.path)
    shown = versions.context(service, open_summaries(), asked, fault)
    shown |= {"may_change": may_promote}
    status = 422 if shown["fault"] else 200
    return page(request, "Versions of the model", "versions", shown, status)


@takes("GET", "HEAD")
def monitor(request: HttpRequest) -> HttpResponse:
    assets = {
        "chart": static("modeldesk/chart.umd.min.js"),
        "monitor": static("modeldesk/monitor.js"),
    }
    return page(request, "Monitor", "monitor", {"assets": assets})


@takes("GET", "HEAD")
def monitor_events(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(
        events(get_service()),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )

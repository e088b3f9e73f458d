"""The form, a result with its feedback form, and the history."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from ..api import takes
from ..ml.validation import Fault, InvalidInstances
from ..predictions.apps import get_service
from . import content
from .forms import SignatureForm


@takes("GET", "HEAD", "POST")
def form(request: HttpRequest) -> HttpResponse:
    service = get_service()
    inputs = content.prediction_inputs(service.signature)
    typed = SignatureForm(inputs, request.POST if request.method == "POST" else None)
    faults: list[Fault] = []
    if typed.is_bound:
        try:
            record = content.predict(service, typed.values, request.META["app.request_id"])
            return _see(reverse("result", args=[record.id]))
        except InvalidInstances as error:
            faults = error.faults
    context = content.form_context(inputs, typed.control, faults)
    return render(request, "form.html", context, status=422 if faults else 200)


@takes("GET", "HEAD", "POST")
def result(request: HttpRequest, record_id: str) -> HttpResponse:
    service = get_service()
    record = service.find(record_id)
    inputs = content.feedback_inputs(service.signature)
    typed = SignatureForm(inputs, request.POST if request.method == "POST" else None)
    faults: list[Fault] = []
    if typed.is_bound:
        try:
            content.give_feedback(service, record_id, typed.values)
            return _see(reverse("result", args=[record_id]))
        except InvalidInstances as error:
            faults = error.faults
    shown = [] if record.feedback else inputs
    context = content.form_context(shown, typed.control, faults)
    context["prediction"] = content.result(service, record)
    return render(request, "result.html", context, status=422 if faults else 200)


@takes("GET", "HEAD")
def history(request: HttpRequest) -> HttpResponse:
    page = content.history(get_service(), request.GET)
    for row in page["predictions"]:
        row["url"] = reverse("result", args=[row["id"]])
    address = reverse("history")
    context = {
        "predictions": page["predictions"],
        "next_url": f"{address}?{urlencode({'before': page['next']})}" if page["next"] else "",
        "newest_url": "" if page["first"] else address,
    }
    return render(request, "history.html", context)


def _see(address: str) -> HttpResponse:
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response

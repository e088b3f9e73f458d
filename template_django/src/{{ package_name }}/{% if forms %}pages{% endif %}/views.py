"""The form, a result with its feedback form, the history, and the model."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from modeldesk.ml.batch import BatchError
from modeldesk.ml.validation import Fault, InvalidInstances
from modeldesk.pages import content, rows
from modeldesk.pages.model_page import model_page

from ..api import respond, takes
from ..predictions.apps import get_service
from ..predictions.summaries import open_summaries
from .forms import SignatureForm, draw


@takes("GET", "HEAD", "POST")
def form(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _form_page(request, rows.Shown())
    typed = request.POST.dict()
    try:
        record = content.predict(get_service(), typed, request.META["app.request_id"])
        return _see(reverse("result", args=[record.id]))
    except InvalidInstances as error:
        return _form_page(request, rows.Shown(typed, error.faults))


@takes("GET", "HEAD", "POST")
def row(request: HttpRequest) -> HttpResponse:
    """Fill in the form with a row that was pasted."""
    if request.method != "POST":
        return _see(reverse("form"))
    return _form_page(request, rows.fill_in(get_service(), request.POST.get("row", "")))


@takes("GET", "HEAD", "POST")
def answer_rows(request: HttpRequest) -> HttpResponse:
    """Predict a file; without one there is an example of it."""
    service = get_service()
    if request.method != "POST":
        return respond(rows.example_file(service))
    file = request.FILES.get("file")
    name, sent = (file.name or "", file.read()) if file else ("", b"")
    try:
        return respond(rows.answer_file(service, name, sent, request.META["app.request_id"]))
    except BatchError as error:
        return _form_page(request, rows.Shown(file_fault=str(error)))


def _form_page(request: HttpRequest, shown: rows.Shown) -> HttpResponse:
    context = rows.form_page(get_service(), draw, shown)
    return render(request, "form.html", context, status=shown.status)


@takes("GET", "HEAD", "POST")
def result(request: HttpRequest, record_id: str) -> HttpResponse:
    service = get_service()
    record = service.find(record_id)
    inputs = content.feedback_inputs(service.signature_of(record.model_version))
    typed = SignatureForm(inputs, request.POST if request.method == "POST" else None)
    faults: list[Fault] = []
    if typed.is_bound:
        try:
            content.give_feedback(service, record, typed.values)
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


@takes("GET", "HEAD")
def model(request: HttpRequest) -> HttpResponse:
    service = get_service()
    summaries = open_summaries() if service.may_see_all() else None
    return render(request, "model.html", model_page(service, summaries))


def _see(address: str) -> HttpResponse:
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response

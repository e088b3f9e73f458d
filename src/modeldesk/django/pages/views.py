"""The form, a result with its feedback form, the history, and the model."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views import View

from ...ml.tables.headings import TableError
from ...ml.validation import Fault, InvalidInstances
from ...pages import content, rows
from ...pages.model_page import model_page
from ...serving.forms import typed_text
from ..connection import open_summaries
from ..forms import InputForm, SignatureForm, draw
from ..http import respond, see, takes
from ..service import get_service


class FormPage(View):
    """The form; `form_class` is the project's."""

    form_class: type[SignatureForm] = SignatureForm

    @classmethod
    def as_view(cls, **given: Any) -> Callable[..., Any]:
        return takes("GET", "HEAD", "POST")(super().as_view(**given))

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(request, self.form_class(), rows.Shown())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self.form_class(request.POST)
        try:
            if form.is_valid():
                record = get_service().record([form.row], request.META["app.request_id"])[0]
                return see(reverse("result", args=[record.id]))
            faults = form.faults
        except InvalidInstances as error:
            faults = error.faults
        return self.show(request, form, rows.Shown(form.values, faults))

    def show(self, request: HttpRequest, form: SignatureForm, shown: rows.Shown) -> HttpResponse:
        own = form.controls()

        def drawn(inputs: list[content.Input], typed: content.Texts | None) -> content.Control:
            return form.control if inputs is own else draw(inputs, typed)

        context = rows.form_page(get_service(), drawn, shown, lambda _: own)
        return render(request, "modeldesk/form.html", context, status=shown.status)


class PastedRowPage(FormPage):
    """The form, filled in with a row that was pasted."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return see(reverse("form"))

    def post(self, request: HttpRequest) -> HttpResponse:
        shown = rows.fill_in(get_service(), typed_text(request.POST.get("row", "")))
        form = self.form_class()
        if shown.typed is not None:
            form.fill(shown.typed)
        return self.show(request, form, shown)


class FilePage(FormPage):
    """Predicts a file; without one there is an example of it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return respond(rows.example_file(get_service()))

    def post(self, request: HttpRequest) -> HttpResponse:
        file = request.FILES.get("file")
        name, sent = (file.name or "", file.read()) if file else ("", b"")
        try:
            request_id = request.META["app.request_id"]
            return respond(rows.answer_file(get_service(), name, sent, request_id))
        except TableError as error:
            return self.show(request, self.form_class(), rows.Shown(file_fault=str(error)))


@takes("GET", "HEAD", "POST")
def result(request: HttpRequest, record_id: str) -> HttpResponse:
    service = get_service()
    record = service.find(record_id)
    inputs = content.feedback_inputs(service.signature_of(record.model_version))
    typed = InputForm(request.POST if request.method == "POST" else None, inputs=inputs)
    faults: list[Fault] = []
    if typed.is_bound:
        try:
            content.give_feedback(service, record, typed.values)
            return see(reverse("result", args=[record_id]))
        except InvalidInstances as error:
            faults = error.faults
    shown = [] if record.feedback else inputs
    context = content.form_context(shown, typed.control, faults)
    context["prediction"] = content.result(service, record)
    return render(request, "modeldesk/result.html", context, status=422 if faults else 200)


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
    return render(request, "modeldesk/history.html", context)


@takes("GET", "HEAD")
def model(request: HttpRequest) -> HttpResponse:
    service = get_service()
    summaries = open_summaries() if service.may_see_all() else None
    return render(request, "modeldesk/model.html", model_page(service, summaries))

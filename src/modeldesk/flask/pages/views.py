"""The views of the pages."""

from flask import Response, redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as Redirect

from ...ml.tables.headings import TableError
from ...ml.validation import Fault, InvalidInstances
from ...pages import content, rows
from ...pages.model_page import model_page
from ...serving.forms import typed_text
from ..api import respond
from ..state import get_database, get_service
from .forms import SignatureFields, build_form, control_of, drawn_by, faults_of


class FeedbackForm(SignatureFields, FlaskForm):
    """A field for the true outcome of each target, and one for a comment."""


class Pages:
    """The views, with the form of the project."""

    def __init__(self, form: type[SignatureFields]) -> None:
        self.form_class = form

    def form(self) -> tuple[str, int] | Redirect:
        if request.method != "POST":
            return self._form_page(rows.Shown())
        service = get_service()
        inputs = self.form_class.arranged(content.prediction_inputs(service.predictor))
        typed = content.meant(inputs, request.form)
        faults = faults_of(build_form(self.form_class, inputs, typed), inputs)
        try:
            if not faults:
                record = content.predict(service, typed, request.environ["app.request_id"])
                return redirect(url_for(".result", record_id=record.id), 303)
            service.predictor.validator.from_form(typed)
        except InvalidInstances as error:
            faults += error.faults
        return self._form_page(rows.Shown(typed, faults))

    def row(self) -> tuple[str, int] | Redirect:
        """Fill in the form with a row that was pasted."""
        if request.method != "POST":
            return redirect(url_for(".form"), 303)
        return self._form_page(rows.fill_in(get_service(), typed_text(request.form.get("row", ""))))

    def answer_rows(self) -> tuple[str, int] | Response:
        """Predict a file; without one there is an example of it."""
        service = get_service()
        if request.method != "POST":
            return respond(rows.example_file(service))
        file = request.files.get("file")
        name, sent = (file.filename or "", file.read()) if file else ("", b"")
        try:
            answer = rows.answer_file(service, name, sent, request.environ["app.request_id"])
        except TableError as error:
            return self._form_page(rows.Shown(file_fault=str(error)))
        return respond(answer)

    def _form_page(self, shown: rows.Shown) -> tuple[str, int]:
        form = self.form_class
        context = rows.form_page(get_service(), drawn_by(form), shown, form.arranged)
        return render_template("modeldesk/form.html", **context), shown.status

    def result(self, record_id: str) -> tuple[str, int] | Redirect:
        service = get_service()
        record = service.find(record_id)
        inputs = content.feedback_inputs(service.signature_of(record.model_version))
        typed = content.meant(inputs, request.form) if request.method == "POST" else None
        faults: list[Fault] = []
        if typed is not None:
            try:
                content.give_feedback(service, record, typed)
                return redirect(url_for(".result", record_id=record_id), 303)
            except InvalidInstances as error:
                faults = error.faults
        shown = [] if record.feedback else inputs
        form = build_form(FeedbackForm, inputs, typed)
        context = content.form_context(shown, control_of(form), faults)
        context["prediction"] = content.result(service, record)
        return render_template("modeldesk/result.html", **context), 422 if faults else 200

    def history(self) -> str:
        page = content.history(get_service(), request.args)
        for row in page["predictions"]:
            row["url"] = url_for(".result", record_id=row["id"])
        return render_template(
            "modeldesk/history.html",
            predictions=page["predictions"],
            next_url=url_for(".history", before=page["next"]) if page["next"] else "",
            newest_url="" if page["first"] else url_for(".history"),
        )

    def model(self) -> str:
        service = get_service()
        summaries = get_database().summaries() if service.may_see_all() else None
        return render_template("modeldesk/model.html", **model_page(service, summaries))

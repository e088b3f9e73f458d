"""Pages: the form, a result with its feedback form, the history, and the model."""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from modeldesk.ml.batch import BatchError
from modeldesk.ml.validation import Fault, InvalidInstances
from modeldesk.pages import content, rows
from modeldesk.pages.model_page import model_page
from werkzeug.wrappers import Response as Redirect

from ..api import respond
from ..services import get_service
from ..summaries import open_summaries
from .forms import build_form, control_of, draw

blueprint = Blueprint("pages", __name__, template_folder="templates")


@blueprint.route("/", methods=["GET", "POST"])
def form() -> tuple[str, int] | Redirect:
    if request.method != "POST":
        return _form_page(rows.Shown())
    typed = request.form.to_dict()
    try:
        record = content.predict(get_service(), typed, request.environ["app.request_id"])
        return redirect(url_for("pages.result", record_id=record.id), 303)
    except InvalidInstances as error:
        return _form_page(rows.Shown(typed, error.faults))


@blueprint.route("/row", methods=["GET", "POST"])
def row() -> tuple[str, int] | Redirect:
    """Fill in the form with a row that was pasted."""
    if request.method != "POST":
        return redirect(url_for("pages.form"), 303)
    return _form_page(rows.fill_in(get_service(), request.form.get("row", "")))


@blueprint.route("/rows", methods=["GET", "POST"])
def answer_rows() -> tuple[str, int] | Response:
    """Predict a file; without one there is an example of it."""
    service = get_service()
    if request.method != "POST":
        return respond(rows.example_file(service))
    file = request.files.get("file")
    name, sent = (file.filename or "", file.read()) if file else ("", b"")
    try:
        return respond(rows.answer_file(service, name, sent, request.environ["app.request_id"]))
    except BatchError as error:
        return _form_page(rows.Shown(file_fault=str(error)))


def _form_page(shown: rows.Shown) -> tuple[str, int]:
    return render_template("form.html", **rows.form_page(get_service(), draw, shown)), shown.status


@blueprint.route("/predictions/<record_id>", methods=["GET", "POST"])
def result(record_id: str) -> tuple[str, int] | Redirect:
    service = get_service()
    record = service.find(record_id)
    inputs = content.feedback_inputs(service.signature_of(record.model_version))
    typed = build_form(inputs, request.form if request.method == "POST" else None)
    faults: list[Fault] = []
    if typed.is_submitted():
        try:
            content.give_feedback(service, record, typed.values)
            return redirect(url_for("pages.result", record_id=record_id), 303)
        except InvalidInstances as error:
            faults = error.faults
    shown = [] if record.feedback else inputs
    context = content.form_context(shown, control_of(typed), faults)
    prediction = content.result(service, record)
    return render_template("result.html", **context, prediction=prediction), 422 if faults else 200


@blueprint.get("/predictions/", strict_slashes=False)
def history() -> str:
    page = content.history(get_service(), request.args)
    for row in page["predictions"]:
        row["url"] = url_for("pages.result", record_id=row["id"])
    return render_template(
        "history.html",
        predictions=page["predictions"],
        next_url=url_for("pages.history", before=page["next"]) if page["next"] else "",
        newest_url="" if page["first"] else url_for("pages.history"),
    )


@blueprint.get("/model")
def model() -> str:
    service = get_service()
    summaries = open_summaries() if service.may_see_all() else None
    return render_template("model.html", **model_page(service, summaries))

"""Pages: the form, a result with its feedback form, and the history."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ..ml.validation import Fault, InvalidInstances
from ..services import get_service
from . import content
from .forms import build_form, control_of

blueprint = Blueprint("pages", __name__, template_folder="templates")


@blueprint.route("/", methods=["GET", "POST"])
def form() -> tuple[str, int] | Response:
    service = get_service()
    inputs = content.prediction_inputs(service.signature)
    typed = build_form(inputs)()
    faults: list[Fault] = []
    if typed.is_submitted():
        try:
            record = content.predict(service, typed.values, request.environ["app.request_id"])
            return redirect(url_for("pages.result", record_id=record.id), 303)
        except InvalidInstances as error:
            faults = error.faults
    context = content.form_context(inputs, control_of(typed), faults)
    return render_template("form.html", **context), 422 if faults else 200


@blueprint.route("/predictions/<record_id>", methods=["GET", "POST"])
def result(record_id: str) -> tuple[str, int] | Response:
    service = get_service()
    record = service.find(record_id)
    inputs = content.feedback_inputs(service.signature)
    typed = build_form(inputs)()
    faults: list[Fault] = []
    if typed.is_submitted():
        try:
            content.give_feedback(service, record_id, typed.values)
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

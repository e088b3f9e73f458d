"""Pages: the form, a result with its feedback form, and the history."""

from flask import Blueprint, Flask, redirect, render_template, request, url_for
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError, generate_csrf
from markupsafe import Markup
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response

from .. import api
from ..ml.validation import Fault, InvalidInstances
from ..services import get_service
from ..site import handle_error
from . import content
from .forms import build_form, control_of

blueprint = Blueprint("pages", __name__, template_folder="templates")


def init_app(app: Flask) -> None:
    """Add the pages, and protect everything but the API from cross-site request forgery."""
    CSRFProtect(app).exempt(api.blueprint)
    app.register_blueprint(blueprint)


@blueprint.context_processor
def csrf_input() -> dict[str, Markup]:
    html = Markup('<input type="hidden" name="csrf_token" value="{}">')
    return {"csrf_input": html.format(generate_csrf())}


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


@blueprint.app_errorhandler(CSRFError)
def refuse_forgery(_: CSRFError) -> Response:
    return handle_error(Forbidden())

"""The pages of the admin that are no tables."""

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask_admin import BaseView, expose
from flask_security import current_user
from modeldesk.ml.artifact import ArtifactError
from modeldesk.staff import versions
from modeldesk.staff.feedback import Saved, context, save
from modeldesk.staff.monitor import events

from ..accounts.models import User
from ..models import Prediction
from ..services import get_service
from ..summaries import open_summaries
from .access import Secured, may, refusal
from .database import count, where

MAY_GIVE = "predictions.change_prediction"
MAY_PROMOTE = "predictions.promote_model"


class Pages(Secured, BaseView):
    def __init__(self) -> None:
        super().__init__(name="Admin", endpoint="admin", url="/admin")

    @expose("/")
    def index(self) -> Any:
        return self.render("staff/index.html", title="Admin", figures=key_figures())

    @expose("/feedback", methods=["GET", "POST"])
    def feedback(self) -> Any:
        service, saved = get_service(), Saved()
        if request.method == "POST":
            if not may(MAY_GIVE):
                raise refusal()
            file = request.files.get("file")
            saved = save(service, request.form, file.read() if file else None)
            if saved.count:
                flash(str(saved), "success")
            if not saved.faults:
                return redirect(request.path, 303)
        shown = context(service, request.form, saved) | {"read_only": not may(MAY_GIVE)}
        return self.page("True outcomes", "feedback", **shown), 422 if saved.faults else 200

    @expose("/models", methods=["GET", "POST"])
    def models(self) -> Any:
        service, asked, fault = get_service(), request.args, ""
        if request.method == "POST":
            if not may(MAY_PROMOTE):
                raise refusal()
            asked = request.form
            try:
                done = versions.act(service.deployment.root, asked, current_user.email)
            except ArtifactError as error:
                fault = str(error)
            else:
                flash(done, "success")
                return redirect(request.path, 303)
        shown = versions.context(service, open_summaries(), asked, fault)
        shown |= {"may_change": may(MAY_PROMOTE)}
        status = 422 if shown["fault"] else 200
        return self.page("Versions of the model", "versions", **shown), status

    @expose("/monitor")
    def monitor(self) -> Any:
        files = {"chart": "chart.umd.min.js", "monitor": "monitor.js"}
        assets = {name: url_for("static", filename=file) for name, file in files.items()}
        return self.page("Monitor", "monitor", assets=assets)

    @expose("/monitor/events")
    def monitor_events(self) -> Response:
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        return Response(events(get_service()), mimetype="text/event-stream", headers=headers)

    def page(self, title: str, body: str, **shown: Any) -> str:
        """A page of the admin around one of the shared templates."""
        return self.render("staff/page.html", title=title, body=body, **shown)


def key_figures() -> list[dict[str, str]]:
    """What the first page tells at a glance."""
    today = datetime.now(UTC) - timedelta(days=1)
    figures = {
        "Predictions": count(Prediction),
        "In the last 24 hours": count(Prediction, where(Prediction, "created_at", "gte", today)),
        "Without an outcome": count(Prediction, where(Prediction, "feedback_at", "eq", None)),
        "Accounts": count(User),
    }
    return [{"name": name, "value": f"{number:,}"} for name, number in figures.items()]

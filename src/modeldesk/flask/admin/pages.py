"""The pages of the admin that are no tables."""

from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask_admin import BaseView, expose
from flask_security import current_user

from ...ml.artifact import ArtifactError
from ...staff import versions
from ...staff.feedback import Saved, context, save
from ...staff.figures import figures
from ...staff.monitor import events
from ..accounts.current import get_accounts
from ..state import get_database, get_service
from .access import Secured, may, refusal

MAY_GIVE = "predictions.change_prediction"
MAY_PROMOTE = "predictions.promote_model"
BOTH = ("GET", "POST")


class Page(Secured, BaseView):
    """A page around one of the shared templates, at an address below that of the admin."""

    title = heading = address = body = ""

    def __init__(self, **options: Any) -> None:
        self._default_view = "index"  # Flask-Admin takes it for what is exposed at "/"
        given = {"name": self.title, "endpoint": f"admin_{self.address}", "url": self.address}
        super().__init__(**given | options)

    def page(self, **shown: Any) -> str:
        template = "modeldesk/flask_admin/page.html"
        return self.render(template, title=self.heading, body=self.body, **shown)


class HomeView(Secured, BaseView):
    """The first page: figures, and what else there is."""

    def __init__(self, **options: Any) -> None:
        given = {"name": "Admin", "endpoint": "admin", "url": "/admin"}
        super().__init__(**given | options)

    @expose("/")
    def index(self) -> Any:
        found = [{"name": name, "value": value} for name, value in self.figures().items()]
        return self.render("modeldesk/flask_admin/index.html", title="Admin", figures=found)

    def figures(self) -> dict[str, str]:
        """What it tells at a glance."""
        database = get_database()
        accounts = get_accounts().stores()["account"].count()
        return figures(database.log(), database.summaries(), accounts)


class OutcomesView(Page):
    """Where true outcomes are entered, for many predictions at once."""

    title, heading, address, body = "Outcomes", "True outcomes", "feedback", "feedback"

    @expose("", methods=BOTH)
    def index(self) -> Any:
        service, saved = get_service(), Saved()
        if request.method == "POST":
            if not may(MAY_GIVE):
                raise refusal()
            file = request.files.get("file")
            saved = save(service, request.form, file.read() if file else None)
            if saved.count:
                flash(str(saved), "success")
            if not saved.faults:
                return redirect(self.get_url(".index"), 303)
        shown = context(service, request.form, saved) | {"read_only": not may(MAY_GIVE)}
        return self.page(**shown), 422 if saved.faults else 200


class ModelsView(Page):
    """The versions: compared, promoted, rolled back, and run in the shadow."""

    title, heading, address, body = "Models", "Versions of the model", "models", "versions"

    @expose("", methods=BOTH)
    def index(self) -> Any:
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
                return redirect(self.get_url(".index"), 303)
        shown = versions.context(service, get_database().summaries(), asked, fault)
        shown |= {"may_change": may(MAY_PROMOTE)}
        return self.page(**shown), 422 if shown["fault"] else 200


class MonitorView(Page):
    """Figures as they happen, as server-sent events."""

    title, heading, address, body = "Monitor", "Monitor", "monitor", "monitor"

    @expose("")
    def index(self) -> Any:
        files = {"chart": "chart.umd.min.js", "monitor": "monitor.js"}
        assets = {name: url_for("modeldesk.static", filename=file) for name, file in files.items()}
        return self.page(assets=assets)

    @expose("/events")
    def events(self) -> Response:
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        return Response(events(get_service()), mimetype="text/event-stream", headers=headers)

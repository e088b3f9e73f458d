"""What every page shares, the API documentation, and errors as pages or problem documents."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, current_app, render_template, request, url_for
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from ..serving.answers import Problem, as_problem, framework_problem, wants_page
from ..serving.docs import docs
from ..serving.reporting import report
from .api import respond
from .state import current_state, get_database, get_service

ROOT = Path(__file__).parents[1]
PAGES = {
    "form": "form",
    "history": "history",
    "model": "model",
    "row": "row",
    "rows": "answer_rows",
}

blueprint = Blueprint(
    "modeldesk",
    __name__,
    template_folder=ROOT / "templates",
    static_folder=ROOT / "static" / "modeldesk",
    static_url_path="/static/modeldesk",
)


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
    app.register_error_handler(Exception, handle_error)


@blueprint.app_context_processor
def shared() -> dict[str, Any]:
    return {
        "service": {"name": current_state().name},
        "model": get_service().model,
        "urls": dict(urls()),
    }


def urls() -> Iterator[tuple[str, str]]:
    """The addresses that pages link to, of what the application has."""
    state, views = current_state(), current_app.view_functions
    yield "root", request.root_path
    if state.pages:
        for name, view in PAGES.items():
            yield name, url_for(f"{state.pages}.{view}")
    yield "docs", url_for("modeldesk.documentation")
    yield "openapi", url_for("api.openapi_document")
    yield "icon", url_for("modeldesk.static", filename="icon.svg")
    yield "style", url_for("modeldesk.static", filename="style.css")
    if "security.login" in views:
        yield "login", url_for("security.login")
        yield "logout", url_for("security.logout")
        own = "accounts.profile" if "accounts.profile" in views else "security.change_password"
        yield "account", url_for(own)
    if "admin.index" in views:
        yield "admin", url_for("admin.index")


@blueprint.get("/docs")
def documentation() -> str:
    return render_template("modeldesk/docs.html", **docs(get_service().openapi, request.url_root))


def handle_error(error: Exception) -> Response:
    """Answer any error: a page for browsers, a problem document for everybody else."""
    problem = problem_of(error)
    if problem.status >= 500 and current_app.debug:
        raise error
    request_id = request.environ["app.request_id"]
    if not wants_page(problem, request.path, request.headers.get("Accept", "")):
        return respond(problem.answer(request_id))
    page = _renderer(problem)(problem=problem, request_id=request_id)
    return Response(page, problem.status, problem.headers)


def _renderer(problem: Problem) -> Callable[..., str]:
    if problem.status < 500:
        return lambda **context: render_template("modeldesk/error.html", **context)
    # Without other context processors: an account is not looked up, as the database may be away.
    template = current_app.jinja_env.get_template("modeldesk/error.html")
    return lambda **context: template.render(shared() | context)


def problem_of(error: Exception) -> Problem:
    """The problem that stands for an error, which is logged if it is ours."""
    problem = _problem(error)
    report(problem, error)
    return problem


def _problem(error: Exception) -> Problem:
    if isinstance(error, MethodNotAllowed):
        allowed = sorted({*(error.valid_methods or ())} - {"OPTIONS"})
        return framework_problem(405, ", ".join(allowed))
    if isinstance(error, HTTPException):
        return framework_problem(error.code or 500)
    return as_problem(get_database().unavailable(error) or error)

"""The pages: the form, a result with its feedback form, the history, and the model."""

from typing import Any

from flask import Blueprint

from ..forgery import protect
from ..state import NAME, State
from .forms import SignatureFields
from .views import Pages

__all__ = ["SignatureFields", "add_pages"]

GET, BOTH = ["GET"], ["GET", "POST"]


def add_pages(pages: Blueprint, *, form: type[SignatureFields]) -> None:
    """Add the pages to a blueprint of the project, which may have others besides.

    `form` is a Flask-WTF form with `SignatureFields`.
    """
    views = Pages(form)
    pages.add_url_rule("/", "form", views.form, methods=BOTH)
    pages.add_url_rule("/row", "row", views.row, methods=BOTH)
    pages.add_url_rule("/rows", "answer_rows", views.answer_rows, methods=BOTH)
    pages.add_url_rule("/predictions/", "history", views.history, methods=GET, strict_slashes=False)
    pages.add_url_rule("/predictions/<record_id>", "result", views.result, methods=BOTH)
    pages.add_url_rule("/model", "model", views.model, methods=GET)
    pages.record(_registered)


def _registered(setup: Any) -> None:
    app = setup.app
    state: State = app.extensions[NAME]
    state.pages = setup.name
    protect(app)
    if state.settings.auth:
        app.config["SECURITY_POST_LOGIN_VIEW"] = f"{setup.name}.form"

"""Pages: the form, a result with its feedback form, the history, and the model."""

from typing import Any

from django.urls import path

from ..forms import SignatureForm
from . import views


def urls(form: type[SignatureForm] = SignatureForm) -> list[Any]:
    """The addresses of the pages, to be included at the root; `form` asks for a prediction."""
    return [
        path("", views.FormPage.as_view(form_class=form), name="form"),
        path("row", views.PastedRowPage.as_view(form_class=form), name="row"),
        path("rows", views.FilePage.as_view(form_class=form), name="rows"),
        path("predictions", views.history),
        path("predictions/", views.history, name="history"),
        path("predictions/<record_id>", views.result, name="result"),
        path("model", views.model, name="model_page"),
    ]

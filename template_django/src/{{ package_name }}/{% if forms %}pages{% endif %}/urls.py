"""Addresses of the pages."""

from django.urls import path

from . import views

urlpatterns = [
    path("", views.form, name="form"),
    path("row", views.row, name="row"),
    path("rows", views.answer_rows, name="rows"),
    path("predictions", views.history),
    path("predictions/", views.history, name="history"),
    path("model", views.model, name="model_page"),
    path("predictions/<record_id>", views.result, name="result"),
]

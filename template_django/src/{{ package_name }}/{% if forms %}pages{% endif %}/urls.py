"""Addresses of the pages."""

from django.urls import path

from . import views

urlpatterns = [
    path("", views.form, name="form"),
    path("predictions", views.history),
    path("predictions/", views.history, name="history"),
    path("predictions/<record_id>", views.result, name="result"),
]

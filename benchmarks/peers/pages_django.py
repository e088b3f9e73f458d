"""The article's three loads in plain Django."""

import os
import urllib.request

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import models
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path

FILE = {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"]}
ENGINE = "django.template.backends.django.DjangoTemplates"
settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={"default": FILE | {"CONN_MAX_AGE": None}},
    ROOT_URLCONF=__name__,
    SECRET_KEY="-",
    TEMPLATES=[{"BACKEND": ENGINE, "DIRS": [os.environ["TEMPLATES"]]}],
)
app = get_wsgi_application()


class Fortune(models.Model):
    message = models.TextField()

    class Meta:
        app_label, db_table = "pages", "fortune"


def hello(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"message": "Hello, World!"})


def remote(request: HttpRequest) -> HttpResponse:
    with urllib.request.urlopen(os.environ["UPSTREAM"]) as answer:
        return HttpResponse(answer.read(), content_type="application/json")


def complete(request: HttpRequest) -> HttpResponse:
    fortunes = list(Fortune.objects.all())
    fortunes.append(Fortune(id=0, message="Additional fortune added at request time."))
    fortunes.sort(key=lambda fortune: fortune.message)
    return render(request, "fortunes.html", {"fortunes": fortunes})


urlpatterns = [
    path("article/json", hello),
    path("article/remote", remote),
    path("article/complete", complete),
]

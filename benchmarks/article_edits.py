"""The article's three loads, added to a project as an owner adds pages and a table."""

import shutil
from pathlib import Path

from .field import SCRIPTS
from .projects import Project

PACKAGE = Path("src/my_service")


def edit(project: Project, settings: dict[str, str]) -> None:
    """Add the pages, the table and its migration to a project that has forms."""
    package = project.made() / PACKAGE
    if project.framework == "flask":
        _add(package / "models.py", "from sqlalchemy.orm import Mapped, mapped_column\n", MODELS)
        _add(package / "pages.py", FLASK_IMPORTS, FLASK_PAGES)
        migrate = [("db", "upgrade"), ("db", "migrate", "-m", "Fortunes"), ("db", "upgrade")]
    else:
        (package / "models.py").write_text(DJANGO_MODELS)
        (package / "article.py").write_text(DJANGO_VIEWS)
        _add(package / "urls.py", "from . import article\n", DJANGO_URLS)
        migrate = [("makemigrations", "project"), ("migrate",)]
    shutil.copy(SCRIPTS / "templates" / "fortunes.html", package / "templates")
    for command in migrate:
        project.manage(*command, **settings)


def _add(path: Path, imports: str, text: str) -> None:
    """Add imports below a module's docstring, and code at its end."""
    about, rest = path.read_text().split("\n\n", 1)
    path.write_text(f"{about}\n\n{imports}{rest}{text}")


MODELS = """

class Fortune(db.Model):
    __tablename__ = "fortune"

    id: Mapped[int] = mapped_column(primary_key=True)
    message: Mapped[str]
"""
FLASK_PAGES = """

@pages.get("/article/json")
def article_json() -> Response:
    return jsonify(message="Hello, World!")


@pages.get("/article/remote")
def article_remote() -> Response:
    with urllib.request.urlopen(os.environ["UPSTREAM"]) as answer:
        return Response(answer.read(), mimetype="application/json")


@pages.get("/article/complete")
def article_complete() -> str:
    fortunes = list(db.session.scalars(db.select(Fortune)))
    fortunes.append(Fortune(id=0, message="Additional fortune added at request time."))
    fortunes.sort(key=lambda fortune: fortune.message)
    return render_template("fortunes.html", fortunes=fortunes)
"""
FLASK_IMPORTS = """import os
import urllib.request

from flask import Response, jsonify, render_template
from .models import Fortune, db
"""
DJANGO_MODELS = """from django.db import models


class Fortune(models.Model):
    message = models.TextField()

    class Meta:
        db_table = "fortune"
"""
DJANGO_VIEWS = """import os
import urllib.request

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from .models import Fortune


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
"""
DJANGO_URLS = """
urlpatterns += [
    path("article/json", article.hello),
    path("article/remote", article.remote),
    path("article/complete", article.complete),
]
"""

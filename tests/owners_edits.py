"""Every edit that the table of a project's README tells of, as an owner makes them."""

import shutil
from pathlib import Path

from .helpers import REPO, need, run

PACKAGE = Path("src/my_service")
PAGES = Path("src/modeldesk/templates/modeldesk")
NAME, COLOUR, FOOTER = "Wine Desk", "#7a1f5c", "Ask the cellar, extension 17"
HISTORY = "What we said so far"
LABEL, HINT, FIELD = "Sugar before breakfast", "After eight hours without food", "Years of age"
OWN_FORM, OWN_SENTENCE = "New prediction, as we ask it", "We have never said such a thing."
LARGE, RAISING, MUCH = 61.0, 33.0, 34.0  # a bmi that a rule refuses, and ages that rules fail on
REFUSAL = "A body mass index above 60 wants to be typed again."

PREDICTING = f'''"""Your rules."""

from collections.abc import Iterator
from typing import Any

from modeldesk.ml import Prediction, Row

REFERENCE: str | None = "order"


def check(row: Row) -> Iterator[tuple[str, str]]:
    if row["age"] == {RAISING}:
        raise LookupError("no tariff for this age")
    if row["bmi"] > 60:
        yield "bmi", "{REFUSAL}"


def decide(row: Row, prediction: Prediction) -> Any:
    if row["age"] == {MUCH}:
        return "much"
    return round(prediction.value)
'''
TRANSFORMERS = '''"""Parts of our model."""

from typing import Any

from sklearn.base import BaseEstimator, TransformerMixin


class Ratios(TransformerMixin, BaseEstimator):
    """Adds the share of HDL in all cholesterol."""

    def fit(self, X: Any, y: Any = None) -> "Ratios":
        self.columns_ = list(X.columns)
        return self

    def transform(self, X: Any) -> Any:
        return X.assign(hdl_share=X["hdl"] / X["total_cholesterol"])
'''
ABOUT = '{% extends "site.html" %}\n\n{% block title %}About{% endblock %}\n\n'
ABOUT += "{% block content %}\n<h1>About us</h1>\n<p>{{ greeting }}</p>\n{% endblock %}\n"
TEAM = ABOUT.replace("About us", "Our team").replace("About", "Team")


def change(path: Path, *pairs: tuple[str, str]) -> None:
    """Replace what is there exactly once."""
    text = path.read_text(encoding="utf-8")
    for before, after in pairs:
        assert text.count(before) == 1, (path, before, text)
        text = text.replace(before, after)
    path.write_text(text, encoding="utf-8")


def add(path: Path, text: str) -> None:
    parent(path).write_text(text, encoding="utf-8")


def parent(path: Path) -> Path:
    """The path, below a folder that is there by now."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def vendor(project: Path, template: Path) -> None:
    """Take the library in, and change a page and a sentence of it."""
    library = project / "vendor" / "modeldesk"
    run(project, need("git"), "clone", "--quiet", str(template), "vendor/modeldesk")
    run(library, need("git"), "checkout", "--quiet", "HEAD")
    shutil.rmtree(library / ".git")
    about = project / "pyproject.toml"
    source = 'modeldesk = { path = "vendor/modeldesk", editable = true }'
    add(about, f"{about.read_text(encoding='utf-8')}\n[tool.uv.sources]\n{source}\n")
    change(library / PAGES / "form.html", ("<h1>New prediction</h1>", f"<h1>{OWN_FORM}</h1>"))
    service = library / "src/modeldesk/serving/service.py"
    change(service, ("There is no such prediction.", OWN_SENTENCE))


def edit(project: Path, framework: str) -> None:
    """What is the same in both frameworks, and then the rest."""
    package = project / PACKAGE
    add(package / "predicting.py", PREDICTING)
    add(package / "ml" / "transformers.py", TRANSFORMERS)
    change(
        package / "ml" / "train.py",
        ("from . import Artifact, publish, with_feedback\n", WITH_RATIOS),
        ("make_pipeline(prepare, RidgeCV())", "make_pipeline(Ratios(), prepare, RidgeCV())"),
    )
    add(package / "templates" / "about.html", ABOUT)
    add(package / "templates" / "team.html", TEAM)
    style = package / "static" / "site.css"
    add(style, f"{style.read_text(encoding='utf-8')}\n:root {{ --accent: {COLOUR}; }}\n")
    page = (REPO / PAGES / "history.html").read_text(encoding="utf-8")
    assert page.count(">History</h1>") == 1
    own = page.replace(">History</h1>", f">{HISTORY}</h1>")
    add(package / "templates" / "modeldesk" / "history.html", own)
    change(package / "config.py", ("    # Yours:\n", SETTING))
    {"flask": edit_flask, "django": edit_django}[framework](package)


WITH_RATIOS = """from . import Artifact, publish, with_feedback
from .transformers import Ratios
"""
SETTING = """    # Yours:
    greeting: str = "Hello"
"""
ROLES = (
    ("ROLES = {\n", 'AUDITOR = frozenset({"predictions.view_prediction"})\nROLES = {\n'),
    ("    # Yours:\n", '    # Yours:\n    "guest": frozenset(),\n    "auditor": AUDITOR,\n'),
    ('NEW = "viewer"', 'NEW = "guest"'),
)


def edit_flask(package: Path) -> None:
    """What is Flask's."""
    change(package / "accounts" / "roles.py", *ROLES)
    change(
        package / "pages.py",
        (
            "from flask import Blueprint\n",
            "from flask import Blueprint, current_app, render_template\n",
        ),
        (
            "import SignatureFields, add_pages\n",
            "import SignatureFields, add_pages\nfrom wtforms import StringField\n"
            "from wtforms.validators import Length\n",
        ),
        (
            '\n    """\n',
            '\n    """\n\n    order = ("glucose",)\n'
            f'    labels = {{"glucose": "{LABEL}"}}\n'
            f'    hints = {{"glucose": "{HINT}"}}\n'
            f'    age = StringField("{FIELD}", [Length(max=3)])\n',
        ),
        (
            "\n\n# The form,",
            '\n\n@pages.get("/about")\ndef about() -> str:\n'
            '    return render_template("about.html", greeting=current_app.config["GREETING"])'
            "\n\n\n"
            '@pages.get("/team")\ndef team() -> str:\n'
            '    return render_template("team.html")\n\n\n# The form,',
        ),
    )
    change(
        package / "accounts" / "__init__.py",
        (
            "    # Yours:\n",
            '    # Yours:\n    open_to_all=["pages.about"],\n',
        ),
    )
    change(package / "accounts" / "forms.py", ('only = ("name",)', 'only = ("name", "phone")'))
    change(
        package / "accounts" / "models.py",
        (
            "\n\nfrom ..models import db\n",
            "\nfrom sqlalchemy import String\n" + MAPPED + "\n\nfrom ..models import db\n",
        ),
        (
            '    """An account."""\n',
            '    """An account."""\n\n    phone: Mapped[str | None] = mapped_column(String(30))\n',
        ),
    )
    change(package / "__init__.py", ('ModelDesk("My Service"', f'ModelDesk("{NAME}"'))
    change(
        package / "templates" / "site.html",
        (
            '{# <a href="/about">About</a> #}',
            """<a href="{{ url_for('pages.about') }}">About</a>""",
        ),
        ("{# <p>Who answers for this service</p> #}", f"<p>{FOOTER}</p>"),
    )
    change(
        package / "models.py",
        ("import DeclarativeBase\n", "import DeclarativeBase, Mapped, mapped_column\n"),
    )
    models = package / "models.py"
    add(models, models.read_text(encoding="utf-8") + FLASK_NOTE)
    change(
        package / "admin.py",
        (
            "from flask_admin import Admin\n",
            "from typing import Any\n\nfrom flask_admin import Admin\n",
        ),
        (
            "from modeldesk.flask.admin import (\n",
            "from modeldesk.flask.admin import (\n    Choice,\n    Column,\n",
        ),
        ("    RolesView,\n", "    RolesView,\n    TableView,\n"),
        ("from .models import db\n", "from .models import Note, db\n" + FLASK_VIEWS),
        (
            "add_view(PredictionsView(Prediction, db))",
            "add_view(OurPredictionsView(Prediction, db))",
        ),
        ("add_view(UsersView(User, db))", "add_view(OurUsersView(User, db))\n" + NOTES),
    )
    change(
        package / "cli.py",
        ("from modeldesk.flask.cli", "import click\nfrom modeldesk.flask.cli"),
        ("from . import create_app\n", "from . import create_app\nfrom .config import Settings\n"),
    )
    commands = package / "cli.py"
    add(commands, commands.read_text(encoding="utf-8") + FLASK_COMMAND)


MAPPED = "from sqlalchemy.orm import Mapped, mapped_column"
NOTES = "admin.add_view(NotesView(Note, db))"
FLASK_NOTE = '''

class Note(db.Model):  # type: ignore[name-defined]
    """What we wrote down."""

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
'''
FLASK_VIEWS = '''

class SlowFilter(Choice):
    """Predictions that took long."""

    def choices(self) -> list[tuple[str, str]]:
        return [("slow", "Over a minute"), ("quick", "Others")]

    def condition(self, value: str) -> Any:
        if value == "slow":
            return Prediction.duration_ms > 60_000
        return Prediction.duration_ms <= 60_000


class OurPredictionsView(PredictionsView):
    """With how long each took."""

    column_filters = (*PredictionsView.column_filters, SlowFilter("Speed"))

    def log_columns(self) -> list[Column]:
        took = Column("took", "Duration ms", lambda record: record.duration_ms)
        return [*super().log_columns(), took]


class OurUsersView(UsersView):
    """With telephones."""

    column_list = (*UsersView.column_list, "phone")


class NotesView(TableView):
    """What we wrote down."""

    heading, address, one = "Notes", "notes", "note"
    adds = "accounts.add_user"

'''
FLASK_COMMAND = '''

@main.command()
def hello() -> None:
    """Greet."""
    click.echo(f"{Settings.load().greeting}, cellar")
'''


def edit_django(package: Path) -> None:
    """What is Django's."""
    change(
        package / "accounts" / "roles.py",
        *ROLES,
        (
            '        "accounts.view_role",\n',
            '        "accounts.view_role",\n        "project.view_note",\n',
        ),
        (
            '        "accounts.add_user",\n',
            '        "accounts.add_user",\n        "project.add_note",\n',
        ),
    )
    form = package / "forms.py"
    change(form, ("from modeldesk", "from django.forms import CharField\nfrom modeldesk"))
    add(form, form.read_text(encoding="utf-8") + DJANGO_FORM)
    change(
        package / "urls.py",
        (
            "from django.contrib import admin\n",
            "from django.conf import settings\nfrom django.contrib import admin\n"
            "from django.contrib.auth.decorators import login_not_required\n",
        ),
        ("import RedirectView\n", "import RedirectView, TemplateView\n"),
        ("\nurlpatterns = [\n", DJANGO_URLS),
    )
    change(
        package / "accounts" / "models.py",
        ("from modeldesk", "from django.db import models\nfrom modeldesk"),
        (
            '    """Who may log in."""\n',
            '    """Who may log in."""\n\n    PROFILE_FIELDS = ("name", "phone")\n'
            '    phone = models.CharField(max_length=30, blank=True, default="")\n',
        ),
    )
    change(package / "settings.py", ('SERVICE_NAME = "My Service"', f'SERVICE_NAME = "{NAME}"'))
    change(
        package / "templates" / "site.html",
        (
            '{# <a href="/about">About</a> #}',
            """<a href="{% url "about" %}">About</a>""",
        ),
        ("{# <p>Who answers for this service</p> #}", f"<p>{FOOTER}</p>"),
    )
    add(package / "models.py", DJANGO_NOTE)
    change(
        package / "admin.py",
        ("from django.contrib import admin\n", DJANGO_ADMIN_IMPORTS),
        (
            "import Group\n",
            "import Group\nfrom django.db.models import QuerySet\n"
            "from django.http import HttpRequest\n",
        ),
        ("from .accounts.models import Token, User\n", DJANGO_ADMIN_OWN),
        (
            '    """The log: columns, filters and actions of your own go here."""\n',
            '    """The log."""\n\n'
            "    list_filter = (*predictions.PredictionAdmin.list_filter, SlowFilter)\n\n"
            "    def get_list_display(self, request: HttpRequest) -> list[Any]:\n"
            '        return [*super().get_list_display(request), "duration_ms"]\n',
        ),
        (
            '    """Who has an account, with which role."""\n',
            '    """Who has an account, with which role."""\n\n'
            '    list_display = (*accounts.UserAdmin.list_display, "phone")\n',
        ),
    )
    for folder in ("management", "management/commands"):
        add(package / folder / "__init__.py", "")
    add(package / "management" / "commands" / "hello.py", DJANGO_COMMAND)


DJANGO_FORM = f'''
    age = CharField(label="{FIELD}", max_length=3)
    field_order = ("glucose",)

    class Meta:
        labels = {{"glucose": "{LABEL}"}}
        help_texts = {{"glucose": "{HINT}"}}
'''
DJANGO_URLS = """
ABOUT = TemplateView.as_view(
    template_name="about.html", extra_context={"greeting": settings.SETTINGS.greeting}
)
urlpatterns = [
    path("about", login_not_required(ABOUT), name="about"),
    path("team", TemplateView.as_view(template_name="team.html"), name="team"),
"""
DJANGO_NOTE = '''"""Tables of our own."""

from django.db import models


class Note(models.Model):
    """What we wrote down."""

    text = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.text
'''
DJANGO_ADMIN_IMPORTS = """from typing import Any

from django.contrib import admin
"""
DJANGO_ADMIN_OWN = '''from .accounts.models import Token, User
from .models import Note

admin.site.register(Note)


class SlowFilter(admin.SimpleListFilter):
    """Predictions that took long."""

    title, parameter_name = "speed", "speed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("slow", "Over a minute"), ("quick", "Others")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "slow":
            return queryset.filter(duration_ms__gt=60_000)
        return queryset.filter(duration_ms__lte=60_000) if self.value() else queryset

'''
DJANGO_COMMAND = '''"""Greets."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    def handle(self, **options: Any) -> None:
        self.stdout.write(f"{settings.SETTINGS.greeting}, cellar")
'''

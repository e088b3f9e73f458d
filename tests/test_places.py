"""Every place where an owner changes something: each row of the table in a project's README.

A project of each framework with everything on is edited as its rows say, migrated and served.
"""

import contextlib
import csv
import io
import os
import re
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from modeldesk.testing.login import log_in, new_token
from modeldesk.testing.page import Page, check_page, control_name, errors_of

from . import owners_edits as own
from .browsing import LIMIT, Site, Visitor, chromium
from .helpers import MIGRATE, Environments, environment, free_port, need, run, said_by, served, sync
from .people import EMAIL, PASSWORD, make_admin
from .rendering import render, rendered, write
from .variants import choices, projects

FRAMEWORKS = [str(choice.value) for choice in choices("framework", {})]
EVERYTHING = {"auth": True, "admin": True, "forms": True}
MAKE = {  # migrations of what an owner adds
    "flask": ["db migrate --message ours"],
    "django": ["makemigrations accounts", "makemigrations project"],
}
CHECK = {"flask": "db check", "django": "makemigrations --check"}
ACCENT = "getComputedStyle(document.documentElement).getPropertyValue('--accent')"
GREETING = "Good day from the environment"


@dataclass
class Desk(Site):
    """An owner's service: `first` is the version of before the code in the model."""

    framework: str = ""
    settings: dict[str, str] | None = None
    first: str = ""
    token: str = ""
    example: dict[str, Any] | None = None

    def manage(self, command: str, **extra: str) -> str:
        """What a command says that does not fail."""
        return run(self.project, need("uv"), "run", "manage", *command.split(), **self.env(extra))

    def fails(self, command: str) -> str:
        """What a command says that fails."""
        done = subprocess.run(
            [need("uv"), "run", "manage", *command.split()],
            cwd=self.project,
            env=environment(**self.env({})),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
            timeout=120,
        )
        assert done.returncode, done.stdout
        return done.stdout

    def env(self, extra: dict[str, str]) -> dict[str, str]:
        return (self.settings or {}) | extra

    def row(self, **values: Any) -> dict[str, Any]:
        """The example, but for these values."""
        return (self.example or {}) | values

    def client(self, *, token: bool = True) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.token}"} if token else {}
        return httpx.Client(base_url=self.address, headers=headers, timeout=60)

    def api(self, path: str, content: Any = None) -> httpx.Response:
        """What the API answers; `content` is posted, if there is any."""
        with self.client() as client:
            return client.get(path) if content is None else client.post(path, json=content)

    def predicted(self, **values: Any) -> dict[str, Any]:
        """A prediction of the example with these values."""
        answer = self.api("/api/v1/predict", {"instances": [self.row(**values)]})
        assert answer.status_code == 200, answer.text
        (made,) = answer.json()["predictions"]
        return dict(made)

    def tables(self, statement: str) -> list[Any]:
        with contextlib.closing(sqlite3.connect(self.project / "data" / "app.db")) as connection:
            return connection.execute(statement).fetchall()


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(framework, marks=pytest.mark.xdist_group(f"places {framework}"), id=framework)
        for framework in FRAMEWORKS
    ],
)
def desk(
    request: pytest.FixtureRequest,
    template: Path,
    tmp_path_factory: pytest.TempPathFactory,
    environments: Environments,
) -> Iterator[Desk]:
    framework = request.param
    folder = tmp_path_factory.mktemp("places")
    project = write(render(EVERYTHING | {"framework": framework}), folder / "service")
    # What mypy knows of these edits is not to be told of the project that comes next.
    settings = environments.of(framework) | {"MYPY_CACHE_DIR": str(folder / "mypy")}
    found = Desk(project, 0, framework=framework, settings=settings)
    sync(project, **settings)
    found.manage("train")
    found.manage(" ".join(MIGRATE[framework]))
    found.first = version_of(project)

    own.vendor(project, template)
    own.edit(project, framework)
    sync(project, **settings)
    for command in [*MAKE[framework], " ".join(MIGRATE[framework]), "train"]:
        found.manage(command)
    assert version_of(project) != found.first
    with served(project, **settings, GREETING=GREETING) as (found.port, _):
        make_admin(project, **settings)
        with browser_of(found) as client:
            found.token = new_token(client, "tests")
        features = found.api("/api/v1/model").json()["features"]
        found.example = {feature["name"]: feature["example"] for feature in features}
        yield found


def version_of(project: Path) -> str:
    return (project / "artifacts" / "current").read_text(encoding="utf-8").split()[0]


@contextlib.contextmanager
def browser_of(desk: Desk, email: str = EMAIL) -> Iterator[httpx.Client]:
    """A browser that is logged in."""
    with desk.client(token=False) as client:
        client.headers["Accept"] = "text/html"
        log_in(client, email, PASSWORD)
        client.follow_redirects = True
        yield client


def page(client: httpx.Client, path: str, status: int = 200) -> Page:
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    found = Page(answer.text)
    check_page(found, str(answer.url))
    return found


def typed(client: httpx.Client, path: str = "/", **values: str) -> Page:
    """Send the form of a page as it stands, but for these values."""
    form = client.get(path)
    fields = Page(form.text).typed()
    fields.pop("file", None)
    return Page(client.post(path, data=fields | values).text)


def upload(desk: Desk, *rows: dict[str, Any]) -> list[dict[str, str]]:
    with browser_of(desk) as client:
        token = Page(client.get("/").text).csrf
        file = {"file": ("rows.csv", as_csv(rows), "text/csv")}
        answer = client.post("/rows", data=token, files=file)
        assert answer.status_code == 200, answer.text
        return list(csv.DictReader(io.StringIO(answer.text)))


def as_csv(rows: Any) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def protocols(desk: Desk, row: dict[str, Any]) -> dict[str, httpx.Response]:
    """What each protocol of others answers to a row."""
    name = desk.api("/api/v1/model").json()["name"]
    tensors = [
        {
            "name": key,
            "shape": [1],
            "datatype": "BYTES" if isinstance(value, str) else "FP64",
            "data": [value],
        }
        for key, value in row.items()
    ]
    split = {"columns": list(row), "data": [list(row.values())]}
    asked = {
        "/invocations": {"dataframe_split": split},
        f"/v1/models/{name}:predict": {"instances": [row]},
        f"/v2/models/{name}/infer": {"inputs": tensors},
    }
    return {path: desk.api(path, content) for path, content in asked.items()}


def outputs(answers: dict[str, httpx.Response]) -> list[Any]:
    """The one value that each protocol answers."""
    for answer in answers.values():
        assert answer.status_code == 200, answer.text
    mlflow, kserve, open_inference = (answer.json() for answer in answers.values())
    first, second = mlflow["predictions"][0], kserve["predictions"][0]
    return [first, second, open_inference["outputs"][0]["data"][0]]


def predicted_file(desk: Desk, folder: Path, *rows: dict[str, Any]) -> list[dict[str, str]]:
    """What `predict-file` writes."""
    (folder / "rows.csv").write_text(as_csv(rows), encoding="utf-8")
    command = f"predict-file {folder / 'rows.csv'} {folder / 'answers.csv'}"
    with contextlib.suppress(AssertionError):
        desk.fails(command)
    with (folder / "answers.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_rule_across_features(desk: Desk, tmp_path: Path) -> None:
    """On every way in."""
    row = desk.row(bmi=own.LARGE)
    answer = desk.api("/api/v1/predict", {"instances": [desk.row(), row]})
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert fault == {"loc": ["instances", 1, "bmi"], "msg": own.REFUSAL, "type": "rule"}
    for path, refused in protocols(desk, row).items():
        assert refused.status_code in (400, 422), path
        assert own.REFUSAL in refused.text, path
    with browser_of(desk) as client:
        bmi = control_name("bmi")
        assert errors_of(typed(client, **{bmi: str(own.LARGE)})) == {bmi: own.REFUSAL}
        pasted = client.post("/row", data=Page(client.get("/").text).csrf | {"row": as_csv([row])})
        assert errors_of(Page(pasted.text)) == {bmi: own.REFUSAL}
    for answers in (upload(desk, row, desk.row()), predicted_file(desk, tmp_path, row, desk.row())):
        refused_row, good = answers
        assert own.REFUSAL in refused_row["prediction_error"]
        assert not refused_row["prediction"]
        assert good["prediction"]


def test_what_becomes_of_an_answer(desk: Desk, tmp_path: Path) -> None:
    """On every way out; the log has the model's own beside it."""
    made = desk.predicted()
    assert made["value"] == round(made["value"])
    logged = desk.api(f"/api/v1/predictions/{made['id']}").json()
    assert logged["value"] == made["value"]
    assert logged["model_value"] != made["value"]
    assert round(logged["model_value"]) == made["value"]
    assert outputs(protocols(desk, desk.row())) == [made["value"]] * 3
    (uploaded,), (filed,) = upload(desk, desk.row()), predicted_file(desk, tmp_path, desk.row())
    assert float(uploaded["prediction"]) == float(filed["prediction"]) == made["value"]
    with browser_of(desk) as client:
        shown = typed(client)
        assert shown.one("h1").text.split() or shown
        assert f"{made['value']}" in shown.text
        assert f"{logged['model_value']:.7g}" in shown.text
    rows = desk.api("/api/v1/predictions?limit=200").json()["predictions"]
    assert {row["model_value"] for row in rows} == {logged["model_value"]}


def test_replays_and_shadows_decide_too(desk: Desk) -> None:
    """What the version of before would have answered is compared by the rules of today."""
    desk.predicted(bmi=21.7)
    desk.manage(f"shadow {desk.first}")
    try:
        made = desk.predicted(bmi=22.9)
        where = f"SELECT shadow FROM predictions WHERE id = '{made['id']}'"  # noqa: S608
        deadline = time.monotonic() + 60
        while "value" not in (said := desk.tables(where)[0][0] or ""):  # it may be marked before
            assert time.monotonic() < deadline, said_by(desk.project, desk.port).read_text("utf-8")
            time.sleep(0.2)
        assert re.search(r'"value": ?-?\d+[,}]', said), said
        assert desk.first in desk.manage("shadow")
    finally:
        desk.manage("shadow --off")
    told = desk.manage(f"replay {desk.first}")
    line = next(line for line in told.splitlines() if line.strip().startswith("progression"))
    *_, largest = line.split()
    assert float(largest) == round(float(largest)), told  # whole numbers, held against whole ones


def test_what_callers_send(desk: Desk) -> None:
    """It is kept, searched, filtered by, and taken in place of the id."""
    made, _ = desk.predicted(order="A-17"), desk.predicted(order="A-18")
    assert made["reference"] == "A-17"
    found = desk.api("/api/v1/predictions?reference=A-17").json()["predictions"]
    assert [one["id"] for one in found] == [made["id"]]
    told = {"actual": 151.0, "comment": "by its number"}
    assert desk.api("/api/v1/predictions/A-17/feedback", told).status_code == 200
    assert desk.api("/api/v1/predictions/A-17").json()["feedback"]["actual"] == 151.0
    assert own.OWN_SENTENCE in desk.api("/api/v1/predictions/A-19").text
    outputs(protocols(desk, desk.row(order="A-20")))
    found = desk.api("/api/v1/predictions?reference=A-20").json()["predictions"]
    assert len(found) == 3
    with browser_of(desk) as client:
        field = page(client, "/").one("input", id="reference")
        assert "required" not in field.attributes
        assert "A-21" in typed(client, **{field["name"]: "A-21"}).text
        listed = page(client, "/admin/predictions/" if desk.framework == "flask" else ADMIN_LOG)
        assert "A-17" in listed.text
        search = {"flask": "search", "django": "q"}[desk.framework]
        path = "/admin/predictions/" if desk.framework == "flask" else ADMIN_LOG
        searched = page(client, f"{path}?{search}=A-18").text
        assert "A-18" in searched
        assert "A-17" not in searched
        assert "A-21" in client.get("/predictions/").text
    (answer,) = upload(desk, desk.row(order="A-22"))
    assert answer["prediction"]
    assert desk.api("/api/v1/predictions/A-22").status_code == 200


ADMIN_LOG = "/admin/predictions/prediction/"


def test_who_may_do_what(desk: Desk) -> None:
    """Who signs up is a guest, who does not predict; an auditor reads all, and does not either."""
    with desk.client(token=False) as stranger:
        stranger.follow_redirects = True
        email = "guest@example.com"
        typed(stranger, "/accounts/register", email=email, password=PASSWORD)
        typed(stranger, desk.link_for(email))
    with browser_of(desk, "guest@example.com") as guest:
        assert guest.get("/").status_code == 403
        assert guest.get("/predictions/").status_code == 403
        assert "guest" in page(guest, "/accounts/").text
        assert guest.get("/admin/").status_code == 403
        headers = {"Authorization": f"Bearer {new_token(guest, 'mine')}"}
        asked = {"instances": [desk.row()]}
        answer = httpx.post(f"{desk.address}/api/v1/predict", json=asked, headers=headers)
        assert answer.status_code == 403
        assert answer.headers["Content-Type"] == "application/problem+json"
        with browser_of(desk) as admin:
            assert promoted(desk, admin, "guest@example.com", "auditor") == 200
        assert guest.get("/").status_code == 403
        assert "A-" in guest.get("/admin/predictions/").text or desk.framework == "django"
        assert guest.get("/admin/").status_code == 200
        token = Page(guest.get("/accounts/").text).csrf
        assert guest.post("/accounts/logout", data=token).status_code == 200
        assert guest.get("/accounts/").url.path == "/accounts/login"
    roles = page_text(desk, {"flask": "/admin/roles/", "django": "/admin/auth/group/"})
    assert "auditor" in roles
    assert "guest" in roles


def page_text(desk: Desk, paths: dict[str, str]) -> str:
    with browser_of(desk) as client:
        return page(client, paths[desk.framework]).text


def promoted(desk: Desk, admin: httpx.Client, email: str, role: str) -> int:
    """Give an account a role in the admin."""
    users = {"flask": "/admin/users/", "django": "/admin/accounts/user/"}[desk.framework]
    text = admin.get(users).text
    link = re.search(rf'<a href="([^"]+)">{re.escape(email)}</a>', text)
    assert link, text
    form = Page(admin.get(link[1].replace("&amp;", "&")).text)
    field = {"flask": "roles", "django": "groups"}[desk.framework]
    value = next(
        box["value"]
        for box in form.all("input", type="checkbox", name=field)
        if role in form.name_of(box)
    )
    sent = {k: v for k, v in form.typed().items() if not k.startswith("_") and k != field}
    flags = [box["name"] for box in form.all("input", type="checkbox") if box["name"] != field]
    sent |= dict.fromkeys(flags, "on") | {field: value}
    return admin.post(link[1].replace("&amp;", "&"), data=sent).status_code


def test_the_form(desk: Desk) -> None:
    """Order, labels and help."""
    with browser_of(desk) as client:
        form = page(client, "/")
        first = form.one("input", name=control_name("glucose"))
        assert form.name_of(first).split("mg/dL")[0].strip() == own.LABEL
        assert own.HINT in form.one("p", id=first["aria-describedby"].split()[-1]).text
        names = {control_name(name) for name in desk.row()}
        order = [box["name"] for box in form.all("input", "select") if box["name"] in names]
        assert order[0] == first["name"]
        assert set(order) == names


def test_a_field_of_the_form(desk: Desk) -> None:
    """Its label and its checks."""
    with browser_of(desk) as client:
        form = page(client, "/")
        age = control_name("age")
        assert own.FIELD in form.name_of(form.one("input", name=age))
        refused = typed(client, **{age: "1000000"})
        assert age in errors_of(refused)
        assert set(errors_of(typed(client, **{age: "much"}))) == {age}
        answer = typed(client, **{age: "45"})
        assert "45" in answer.text
        assert not errors_of(answer)


def test_a_page(desk: Desk) -> None:
    """In the frame of all others, and closed to strangers."""
    with browser_of(desk) as client:
        shown = page(client, "/team")
        assert shown.one("h1").text == "Our team"
        assert own.FOOTER in shown.text
        assert own.NAME in shown.one("title").text
    with desk.client(token=False) as stranger:
        answer = stranger.get("/team")
        assert answer.status_code == 302
        assert "/accounts/login" in answer.headers["Location"]


def test_a_page_for_strangers(desk: Desk) -> None:
    with desk.client(token=False) as stranger:
        shown = page(stranger, "/about")
        assert shown.one("h1").text == "About us"
        assert page(stranger, "/accounts/login").one("a", href="/about").text == "About"


def test_the_name(desk: Desk) -> None:
    with browser_of(desk) as client:
        for path in ("/", "/model", "/docs", "/accounts/", "/admin/"):
            assert own.NAME in Page(client.get(path).text).one("title").text, path
        assert "My Service" not in client.get("/").text


def test_the_colours(desk: Desk) -> None:
    """Also those of the admin."""
    with browser_of(desk) as client:
        for path in ("/", "/docs", "/accounts/", "/admin/", "/admin/monitor"):
            links = Page(client.get(path).text).all("link", rel="stylesheet")
            assert any(own.COLOUR in client.get(link["href"]).text for link in links), path


def test_what_is_around_every_page(desk: Desk) -> None:
    with browser_of(desk) as client:
        for path in ("/", "/model", "/docs", "/accounts/", "/predictions/", "/no-such-page"):
            shown = Page(client.get(path).text)
            assert own.FOOTER in shown.text, path
            assert shown.one("a", href="/about").text == "About", path


def test_any_page_of_the_library(desk: Desk) -> None:
    with browser_of(desk) as client:
        assert page(client, "/predictions/").one("h1").text == own.HISTORY


def test_a_column_of_accounts(desk: Desk) -> None:
    table = {"flask": "users", "django": "accounts_user"}[desk.framework]
    columns = [row[1] for row in desk.tables(f"PRAGMA table_info({table})")]
    assert "phone" in columns
    users = {"flask": "/admin/users/", "django": "/admin/accounts/user/"}
    assert "phone" in page_text(desk, users).lower()


def test_what_people_change_of_their_account(desk: Desk) -> None:
    with browser_of(desk) as client:
        saved = typed(client, "/accounts/", phone="0221 17", name="Ada")
        assert saved.one("input", name="phone")["value"] == "0221 17"
        users = {"flask": "/admin/users/", "django": "/admin/accounts/user/"}[desk.framework]
        assert "0221 17" in page(client, users).text


def test_a_table(desk: Desk) -> None:
    """The library's migrations and the project's are applied, and there is nothing to add."""
    names = {row[0] for row in desk.tables("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {"predictions", "summaries"} <= names
    assert {"flask": "note", "django": "project_note"}[desk.framework] in names
    desk.manage(CHECK[desk.framework])
    assert "all applied" in desk.manage(f"doctor --port {free_port()}")


def test_a_column_of_the_admin(desk: Desk) -> None:
    desk.predicted()
    path = {"flask": "/admin/predictions/", "django": ADMIN_LOG}
    assert "duration ms" in page_text(desk, path).lower()
    with browser_of(desk) as client:
        assert client.get(path[desk.framework]).text.lower().count("duration ms")


def test_a_filter_of_the_admin(desk: Desk) -> None:
    desk.predicted(order="F-1")
    path = {"flask": "/admin/predictions/", "django": ADMIN_LOG}[desk.framework]
    name = {"flask": "flt_speed", "django": "speed"}[desk.framework]
    with browser_of(desk) as client:
        assert "Over a minute" in page(client, path).text
        assert "F-1" in page(client, f"{path}?{name}=quick").text
        assert "F-1" not in page(client, f"{path}?{name}=slow").text


def test_a_table_in_the_admin(desk: Desk) -> None:
    """Its permissions hold, too."""
    path = {"flask": "/admin/notes/", "django": "/admin/project/note/"}[desk.framework]
    new = {"flask": "new/", "django": "add/"}[desk.framework]
    with browser_of(desk) as client:
        assert "notes" in Page(client.get("/admin/").text).text.lower()
        typed(client, f"{path}{new}", text="Decant the port")
        assert "Decant the port" in page(client, path).text
    with desk.client(token=False) as stranger:
        assert "/accounts/login" in stranger.get(path).headers["Location"]


def test_a_setting(desk: Desk) -> None:
    """From the environment of the service; `.env` is for who has none."""
    with desk.client(token=False) as stranger:
        assert GREETING in page(stranger, "/about").text
    assert desk.manage("hello").strip() == "Hello, cellar"
    file = desk.project / ".env"
    before = file.read_text(encoding="utf-8")
    file.write_text(f"{before}\nGREETING=Salve\n", encoding="utf-8")
    try:
        assert desk.manage("hello").strip() == "Salve, cellar"
        assert desk.manage("hello", GREETING="Ave").strip() == "Ave, cellar"
    finally:
        file.write_text(before, encoding="utf-8")


def test_a_command(desk: Desk) -> None:
    assert desk.manage("hello").strip() == "Hello, cellar"
    listed = desk.manage("--help" if desk.framework == "flask" else "help")
    assert "hello" in listed
    assert "promote" in listed


def test_code_in_the_model(desk: Desk) -> None:
    """It is served by what the project has of it."""
    assert "served by skops" in desk.manage(f"doctor --port {free_port()}")
    assert desk.api("/api/v1/model").json()["version"] == version_of(desk.project)
    assert isinstance(desk.predicted()["value"], int | float)


def test_the_library(desk: Desk, tmp_path: Path) -> None:
    """A vendored one is served, the doctor knows it, and images have it."""
    with browser_of(desk) as client:
        assert page(client, "/").one("h1").text == own.OWN_FORM
    assert own.OWN_SENTENCE in desk.api("/api/v1/predictions/none").text
    assert "FAIL" not in desk.manage(f"doctor --port {free_port()}")
    built = tmp_path / "build"
    for name in ("pyproject.toml", "README.md", "src", "vendor"):
        source = desk.project / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, own.parent(built / name))
    environment = {"UV_PROJECT_ENVIRONMENT": str(tmp_path / "venv")}
    sync(built, "--no-dev", "--no-editable", **environment)
    shutil.rmtree(built)
    folder = "Scripts" if os.name == "nt" else "bin"
    ask = "from modeldesk.serving import service; print(open(service.__file__).read())"
    said = run(tmp_path, str(tmp_path / "venv" / folder / "python"), "-c", ask)
    assert own.OWN_SENTENCE in said


def test_an_owners_edits_are_clean(desk: Desk) -> None:
    """Once they are formatted, linters and types have nothing to say."""
    for check in ("ruff format src", "ruff check src", "mypy", "deptry src"):
        run(desk.project, need("uv"), "run", *check.split(), **desk.env({}))


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (own.RAISING, r"`check` in my_service\.predicting, line \d+, failed: .*no tariff"),
        (own.MUCH, r"`decide` in my_service\.predicting gave 'much'; it gives a finite number"),
    ],
    ids=["raises", "gives what it may not"],
)
def test_rules_that_fail(desk: Desk, age: float, words: str) -> None:
    """Callers get a problem document, the log names the rule."""
    answer = desk.api("/api/v1/predict", {"instances": [desk.row(age=age)]})
    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "my_service" not in answer.text
    assert answer.json()["request_id"] == answer.headers["X-Request-Id"]
    assert re.search(words, said_by(desk.project, desk.port).read_text(encoding="utf-8"))
    with browser_of(desk) as client:
        fields = Page(client.get("/").text).typed()
        fields.pop("file")
        shown = client.post("/", data=fields | {control_name("age"): f"{age:.0f}"})
        assert shown.status_code == 500
        assert own.FOOTER in Page(shown.text).text
    assert desk.predicted()["id"]


BROKEN = {
    "is no Python": ("def check(", r"my_service\.predicting cannot be imported: .*; mend it\."),
    "raises": (
        "def check(row):\n    return row['x']\n",
        r"`check` in my_service\.predicting, line 2, failed: .*; mend it\.",
    ),
    "gives what it may not": (
        "def decide(row, prediction):\n    return 'much'\n",
        r"`decide` in my_service\.predicting gave 'much'; it gives a finite number\.",
    ),
    "has a bad name": ("REFERENCE = 'bmi'\n", r"REFERENCE in my_service\.predicting is 'bmi'"),
    "does not end": (
        "import time\n\ndef check(row):\n    time.sleep(60)\n    return []\n",
        r"the rules in my_service\.predicting did not end within 10 seconds",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_rules_are_told_of(desk: Desk, kind: str) -> None:
    """In a sentence, by the doctor and at the start."""
    source, words = BROKEN[kind]
    with instead(desk, source):
        told = desk.fails(f"doctor --port {free_port()}")
        (line,) = (line for line in told.splitlines() if line.startswith("FAIL"))
        assert re.search(words, line), told
        started = desk.fails(f"serve --port {free_port()}")
        assert re.search(words, started), started
        assert "Traceback" not in started


def test_slow_rules_are_told_of(desk: Desk) -> None:
    """Before anybody waits for them."""
    slow = "import time\n\ndef check(row):\n    time.sleep(1.2)\n    return []\n"
    with instead(desk, slow):
        told = desk.fails(f"doctor --port {free_port()}")
        assert re.search(r"FAIL +rules +One row takes 1\.\d seconds .*my_service", told), told
        with served(desk.project, "--workers", "1", **desk.env({})) as (port, _):
            said = said_by(desk.project, port).read_text(encoding="utf-8")
            assert "every caller waits for that" in said


@contextlib.contextmanager
def instead(desk: Desk, source: str) -> Iterator[None]:
    """Other rules for a while; the service that runs has read its own."""
    path = desk.project / own.PACKAGE / "predicting.py"
    before = path.read_text(encoding="utf-8")
    path.write_text(source, encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(before, encoding="utf-8")


def test_a_browser_sees_it(desk: Desk) -> None:
    """The form and the page of the owner's own, in a real Chromium."""
    with chromium() as browser, contextlib.closing(browser.new_context(locale="en-GB")) as context:
        visitor = Visitor(desk, context.new_page())
        visitor.log_in(EMAIL)
        visitor.go("/", "New prediction")
        visitor.says(own.OWN_FORM)
        first = visitor.main.get_by_role("textbox").first
        assert first.get_attribute("name") == control_name("glucose")
        visitor.says(own.HINT)
        visitor.page.get_by_label("Order").fill("B-1")
        visitor.page.get_by_label("Body mass index").fill(str(own.LARGE))
        visitor.press("Predict", "Error")
        visitor.says(own.REFUSAL)
        visitor.page.get_by_label("Body mass index").fill("24")
        visitor.page.get_by_role("button", name="Predict", exact=True).click()
        visitor.page.wait_for_url(re.compile(r"/predictions/[0-9a-f-]{36}$"), timeout=LIMIT)
        visitor.says("B-1")
        visitor.follow("About", "About")
        assert visitor.page.evaluate(ACCENT).strip() == own.COLOUR
        visitor.follow("History", "History")
        visitor.says(own.HISTORY)
        visitor.says("B-1")
        visitor.follow("Admin", "Admin")
        assert visitor.page.evaluate(ACCENT).strip() == own.COLOUR


ROWS: dict[str, Callable[..., None]] = {
    "A rule across features": test_a_rule_across_features,
    "What becomes of an answer": test_what_becomes_of_an_answer,
    "What callers send to find a prediction by": test_what_callers_send,
    "Who may do what": test_who_may_do_what,
    "The form: order, labels, help": test_the_form,
    "A field of the form": test_a_field_of_the_form,
    "A page": test_a_page,
    "A page for strangers": test_a_page_for_strangers,
    "The name": test_the_name,
    "The colours": test_the_colours,
    "What is around every page": test_what_is_around_every_page,
    "Any page of the library": test_any_page_of_the_library,
    "A column of accounts": test_a_column_of_accounts,
    "What people change of their account": test_what_people_change_of_their_account,
    "A table": test_a_table,
    "A column of the admin": test_a_column_of_the_admin,
    "A filter of the admin": test_a_filter_of_the_admin,
    "A table in the admin": test_a_table_in_the_admin,
    "A setting": test_a_setting,
    "A command": test_a_command,
    "Code in the model": test_code_in_the_model,
    "The library": test_the_library,
}


def table(readme: str) -> list[tuple[str, ...]]:
    """The rows of the table of places."""
    (found,) = re.findall(r"(?m)^\| what \| where \| such as \|\n\|[-|]+\n((?:\|.*\n)+)", readme)
    rows = [re.split(r"(?<!\\) ?\| ?", line)[1:-1] for line in found.splitlines()]
    assert all(len(row) == 3 and all(row) for row in rows), rows
    return [tuple(row) for row in rows]


@pytest.mark.parametrize("project", projects(), ids=lambda project: project.name)
def test_every_row_has_a_test(project: Any) -> None:
    """And what is not chosen has no row; each has up to three lines."""
    rows = table(rendered(project.name)["README.md"].decode())
    names = [name for name, _, _ in rows]
    assert len(set(names)) == len(names)
    assert set(names) <= set(ROWS)
    assert all(example.count("<br>") < 3 for _, _, example in rows)
    if all(project.answers.get(switch) for switch in EVERYTHING):
        assert set(names) == set(ROWS)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_row_names_a_place_that_is_there(framework: str) -> None:
    """Of a file that the owner is to make, the folder or the row says so."""
    files = render(EVERYTHING | {"framework": framework})
    made = {"about.html", "history.html", "transformers.py", "hello.py", "vendor/modeldesk"}
    made |= {"models.py"} if framework == "django" else set()
    for name, where, _ in table(files["README.md"].decode()):
        for path in re.findall(r"`([\w/]+\.\w+|vendor/\w+)`", where):
            there = any(file.endswith(f"/{path}") for file in files)
            assert there or path in made or path.rpartition("/")[2] in made, (name, path)

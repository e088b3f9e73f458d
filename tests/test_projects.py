"""Every combination of database, auth, admin and forms in both frameworks.

Of the projects that differ only in the model one is run: served on its own database, asked by its
own tests, stopped. Of these, enough have their types checked for any two answers, and every file of
Python, to be in one; and enough are held against the whole contract for every framework to meet it
with every database, and with any two of its switches. What the library does with a framework and a
database together is tested in the projects with everything on: all of it on SQLite, on other
databases what asks for one; and once more on SQLite, with only auth, only admin and neither, what
says something else there. Projects that run such tests also train their own model on the first
start, and start again; the others take a model from them. Servers of no database are left out where
none is to be had.
"""

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path
from typing import Any

import psutil
import pytest

from .helpers import (
    Environments,
    Models,
    ask,
    free_port,
    logged,
    need,
    predict_example,
    run,
    served,
    status,
    sync,
    workers,
)
from .inside import FOLDER, inside
from .people import EMAIL, PASSWORD, Person, make_admin
from .rendering import rendered, write
from .servers import SERVERS, WITHOUT_SERVER, Databases, database_name
from .variants import AXES, Project, any_two, choices, covering, leaders, projects, with_computed

RUN = list(leaders().values())
TRAIN = "src/my_service/ml/train.py"
TOOLS = ("nbclient", "nbformat")  # which a project needs for none of its own tests
WORKER_MEMORY = 90 * 2**20  # bytes of its own; libraries that train would double it
ACCOUNTS_MEMORY = 30 * 2**20
DRIVER_MEMORY = 15 * 2**20  # of a server's driver, which brings TLS and more

# What the owner of an `own` project writes into the file that starts empty.
OWN_TRAINING = '''"""Trains a model on wines."""

from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from . import Artifact, publish


def main() -> Artifact:
    """Fit a model and publish it."""
    X, y = load_wine(return_X_y=True, as_frame=True)
    X, X_test, y, y_test = train_test_split(X.astype("float32"), y, random_state=0)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    return publish(model, X, y, name="wine", test=(X_test, y_test))
'''


def worker_memory(server: int) -> int:
    """What the largest worker below `uv run` shares with no other process, in bytes."""
    used = []
    for process in workers(server):
        with contextlib.suppress(psutil.NoSuchProcess):
            used.append(int(process.memory_full_info().uss))
    return max(used)


# What these find on SQLite, they would only find again on a server.
OF_THE_SERVICE = {
    f"{FOLDER}/test_{name}.py"
    for names in (
        "account account_rules below by_mail checks commands deploy deployment",
        "forgery form forty model_commands model_page replay routes serve shadow switch",
        "train transfer_files versions_page",
    )
    for name in names.split()
}
# A quarter of a minute in the project of each framework that runs all tests, or what is said.
FUZZED = {"FUZZ_REQUESTS": os.environ.get("FUZZ_REQUESTS", "1000")}
FRAMEWORKS = [str(choice.value) for choice in choices("framework", {})]

# An address that is there with a switch, and answers 404 without.
ADDRESSES = {
    "accounts": ["/accounts/login", "/accounts/password"],
    "auth": ["/accounts/register", "/accounts/reset", "/accounts/tokens"],
    "admin": ["/admin/", "/admin/monitor"],
    "forms": ["/", "/predictions/"],
}


def switches(project: Project) -> list[bool]:
    return [project.answers.get(name, False) for name in ("auth", "admin", "forms")]


def alike(project: Project) -> str:
    """What projects have in common that follow each other on one worker."""
    return f"{project.answers['framework']} {switches(project)}"


def inside_files(project: Project) -> dict[str, bytes]:
    """The files of tests that can run in a project."""
    return {
        name: content
        for name, content in inside(project.answers).items()
        if name.startswith(f"{FOLDER}/test_")
    }


def different(project: Project, **answers: Any) -> set[str]:
    """The files of tests that are not the same with these answers."""
    others = inside({**project.answers, **answers})
    return {name for name, content in inside_files(project).items() if others.get(name) != content}


def chosen_tests(project: Project) -> dict[str, set[str]]:
    """The files of tests that are run in a project, by what pytest is to select in them."""
    database, all_of_them = project.answers["database"], set(inside_files(project))
    auth, admin, forms = switches(project)
    if all(switches(project)) and database != "sqlite":
        own = different(project, database="sqlite")
        if database in WITHOUT_SERVER:
            return {"not database": own}
        return {"": own, "database": all_of_them - own - OF_THE_SERVICE}
    if database == "sqlite" and all(switches(project)):
        return {"": all_of_them}
    if database == "sqlite" and admin == forms and not (auth and admin):
        return {"": different(project, auth=True, admin=True, forms=True)}
    return {}


def selected(chosen: dict[str, set[str]]) -> list[str]:
    """The arguments of one run of pytest, as each imports all anew that tests import."""
    files = sorted(set().union(*chosen.values()))
    if len(chosen) == 1:
        return ["-m", *chosen, *files]
    whole = sorted(Path(name).name for name in chosen[""])
    return ["-k", " or ".join(["database", *whole]), *files]


SERVED = [project for project in RUN if project.answers["database"] not in WITHOUT_SERVER]
WITHOUT_DATABASE = [axis for axis in AXES if axis != "database"]
EVERYTHING_ON = [p.name for p in SERVED if all(switches(p))]
WHOLE_CONTRACT = covering(SERVED, WITHOUT_DATABASE, EVERYTHING_ON, together=2)

CASES = [
    pytest.param(project, id=project.name, marks=pytest.mark.xdist_group(alike(project)))
    for project in RUN
]
TYPED = [
    pytest.param(p, id=p.name, marks=pytest.mark.xdist_group(f"types {p.answers['framework']}"))
    for p in RUN
    if p.name in any_two()
]


@pytest.mark.parametrize("project", CASES)
def test_project(
    *,
    project: Project,
    tmp_path: Path,
    databases: Databases,
    environments: Environments,
    models: Models,
) -> None:
    uv, database = need("uv"), str(project.answers["database"])
    made = write(rendered(project.name), tmp_path / "service")
    with databases.fresh(database) as fresh:
        settings = fresh | environments.of(str(project.answers["framework"]))
        sync(made, **settings)
        for check in ("ruff check .", "ruff format --check .", "deptry src"):
            run(made, uv, "run", *check.split(), **settings)
        if chosen := chosen_tests(project):
            if database == "postgresql":
                settings["POOLERS"] = json.dumps(databases.poolers())
            write(inside(project.answers), made)
            python = settings["UV_PROJECT_ENVIRONMENT"]
            settings["PYTEST_DEBUG_TEMPROOT"] = str(environments.folder)  # no neighbour tidies up
            run(made, uv, "pip", "install", "--quiet", "--python", python, *TOOLS, **settings)
            fuzzed = FUZZED if database == "sqlite" and all(switches(project)) else {}
            run(made, uv, "run", "pytest", *selected(chosen), **settings, **fuzzed)
        if database not in WITHOUT_SERVER:
            model = str(project.answers["model"])
            given = not chosen and models.give(made, model)
            if model == "own" and not given:
                (made / TRAIN).write_text(OWN_TRAINING, encoding="utf-8")
                run(made, uv, "run", "manage", "train", **settings)
            serve_and_compare(project, made, settings)
            if chosen:
                serve_again(project, made, settings)
            assert_tables(project, tables(made, databases, settings))
            if not given:
                models.keep(made, model)


@pytest.mark.parametrize("project", TYPED)
def test_types(project: Project, tmp_path: Path, environments: Environments) -> None:
    """On one worker for a framework, where mypy knows from the first project what it imports."""
    made = write(rendered(project.name), tmp_path / "service")
    settings = environments.of(str(project.answers["framework"]))
    sync(made, **settings)
    run(made, need("uv"), "run", "mypy", **settings)


def serve_and_compare(project: Project, made: Path, settings: dict[str, str]) -> None:
    """The first start makes what the folder and the database lack."""
    uv, answers = need("uv"), with_computed(project.answers)
    whole, given = project.name in WHOLE_CONTRACT, {}
    tests, options = ([], ()) if whole else (["tests"], ("--workers", "1"))
    with served(made, *options, **settings) as (port, _):
        if answers["accounts"]:
            make_admin(made, **settings)
            given = {"CONTRACT_EMAIL": EMAIL, "CONTRACT_PASSWORD": PASSWORD}
        address = f"http://127.0.0.1:{port}"
        run(made, uv, "run", "pytest", *tests, "--base-url", address, **settings, **given)
        token = Person(port).logged_in().token() if answers["auth"] else ""
        made_now = predict_example(port, token)["predictions"][0]["id"]
        assert logged(port, token)[0]["id"] == made_now
        for switch, addresses in ADDRESSES.items():
            for path in addresses:
                there = status(port, path) != 404
                assert there == bool(answers[switch]), path
        asks_for_a_key = "securitySchemes" in ask(port, "/openapi.json").get("components", {})
        assert asks_for_a_key == bool(answers["auth"])


def serve_again(project: Project, made: Path, settings: dict[str, str]) -> None:
    """The second start finds all that it needs."""
    answers = with_computed(project.answers)
    run(made, need("uv"), "run", "manage", "doctor", "--port", str(free_port()), **settings)
    with served(made, **settings) as (port, server):
        token = Person(port).logged_in().token() if answers["auth"] else ""
        for _ in range(20):  # enough for each worker to have answered
            assert predict_example(port, token)["predictions"]
        driver = 0 if project.answers["database"] == "sqlite" else DRIVER_MEMORY
        more = ACCOUNTS_MEMORY if answers["accounts"] else 0
        assert worker_memory(server) < WORKER_MEMORY + driver + more


def tables(made: Path, databases: Databases, settings: dict[str, str]) -> set[str]:
    """The tables of a project that has been served."""
    if url := settings.get("DATABASE_URL"):
        server = databases.server(url.partition(":")[0])
        return server.tables(database_name(url))
    file = made / "data" / "app.db"
    with sqlite3.connect(file) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {name for (name,) in rows if not name.startswith("sqlite_")}


def assert_tables(project: Project, found: set[str]) -> None:
    answers = with_computed(project.answers)
    for switch, word in {"accounts": "user", "auth": "token"}.items():
        assert any(word in name for name in found) == bool(answers[switch]), found
    if not answers["accounts"]:
        migrations = {"alembic_version", "django_migrations", "migration_lock", "migrations"}
        migrations.add("modeldesk_version")
        trials = {"trials"} if answers["database"] == "mongodb" else set()  # to write, of readyz
        assert found <= {"predictions", "summaries", "tallies", *trials, *migrations}


def test_every_model_leads_with_every_framework_and_every_database() -> None:
    for question in ("framework", "database"):
        led = {(p.answers[question], p.answers["model"]) for p in RUN}
        assert led == {(p.answers[question], p.answers["model"]) for p in projects()}


def test_any_two_answers_meet_the_contract() -> None:
    def together(chosen: list[Project], axes: list[str], size: int) -> set[Any]:
        return {
            several
            for project in chosen
            for several in combinations([(axis, project.answers[axis]) for axis in axes], size)
        }

    chosen = [project for project in SERVED if project.name in WHOLE_CONTRACT]
    for axes, size in ((["framework", "database"], 2), (WITHOUT_DATABASE, 2)):
        assert together(chosen, axes, size) == together(SERVED, axes, size)


def test_every_file_has_its_types_checked() -> None:
    def files(chosen: Iterable[Project]) -> set[tuple[Any, str]]:
        return {
            (project.answers["framework"], path)
            for project in chosen
            for path in rendered(project.name)
            if path.endswith(".py")
        }

    assert files(p for p in RUN if p.name in any_two()) == files(RUN)


def test_every_test_runs_with_its_framework() -> None:
    for framework in FRAMEWORKS:
        ours = [project for project in RUN if project.answers["framework"] == framework]
        runs = [chosen_tests(project) for project in ours]
        whole = {name for chosen in runs for name in chosen.get("", ())}
        parts = {name for chosen in runs for name in chosen.get("not database", ())}
        assert whole | parts == {name for project in ours for name in inside_files(project)}
        assert all("sqlserver" in name for name in parts - whole)


def test_every_database_is_run_but_for_those_that_cannot_be_had() -> None:
    offered = {choice.value for choice in choices("database", {}) if not choice.refusal}
    assert offered == {"sqlite", *SERVERS, *WITHOUT_SERVER}

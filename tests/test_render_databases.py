"""A project has what its own database needs, and nothing of the others."""

import re

import yaml

from .helpers import each
from .rendering import rendered, texts
from .variants import Project, leaders

each_leader = each(leaders().values())

WORDS = {
    "sqlite": r"sqlite",
    "postgresql": r"postgres|psycopg",
    "mysql": r"mysql|mariadb",
    "sqlserver": r"\bsql ?server|mssql|odbc",
    "mongodb": r"mongo|bson",
}
# How a project moves to another database, and migrations, which may have run on any.
FOR_ALL = re.compile(
    r"README\.md: uvx copier update --data database=\w+|src/my_service/migrations/versions/.*"
)
SQL_ONLY = r"sqlalchemy|alembic|flask.migrate|dj.database.url"


@each_leader
def test_nothing_of_other_databases(project: Project) -> None:
    database = project.answers["database"]
    others = [words for name, words in WORDS.items() if name != database]
    others += [SQL_ONLY] if database == "mongodb" else []
    foreign = re.compile("(?i)" + "|".join(others))
    found = [
        told
        for name, text in texts(rendered(project.name)).items()
        for line in text.splitlines()
        if foreign.search(line) and not FOR_ALL.fullmatch(told := f"{name}: {line.strip()}")
    ]
    assert not found


@each_leader
def test_compose_starts_the_chosen_server(project: Project) -> None:
    made = texts(rendered(project.name))
    compose = yaml.safe_load(made["compose.yaml"])
    app, database = compose["services"]["app"], compose["services"].get("database")
    if project.answers["database"] == "sqlite":
        assert database is None
        assert app["volumes"]
        return
    assert re.search(WORDS[project.answers["database"]], database["image"])
    assert database["healthcheck"]["test"]
    assert [volume.partition(":")[0] for volume in database["volumes"]] == [*compose["volumes"]]
    assert all(port.startswith("127.0.0.1:") for port in database["ports"])
    assert app["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert "@database:" in app["environment"]["DATABASE_URL"]
    assert "${DATABASE_PASSWORD:?" in app["environment"]["DATABASE_URL"]


@each_leader
def test_settings_and_workflow_name_the_chosen_server(project: Project) -> None:
    made = texts(rendered(project.name))
    example = made[".env.example"]
    workflow = yaml.safe_load(made[".github/workflows/ci.yml"])
    services = workflow["jobs"]["test"].get("services", {})
    server = project.answers["database"] != "sqlite"
    for name in ("DATABASE_PASSWORD", "DATABASE_TIMEOUT"):
        assert (f"# {name}=" in example) == server
    assert re.search(rf"(?m)^# DATABASE_URL=({WORDS[project.answers['database']]})", example)
    assert list(services) == ["database"] * server

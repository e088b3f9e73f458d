"""The page docs/moving.md as somebody types it: from SQLite and Flask to PostgreSQL and Django.

Blocks marked `sh` run as they stand, each in the folder where the one before ended. One marked
`text` is what the one before printed; `...` stands for what differs from run to run.
"""

import contextlib
import os
import re
import sqlite3
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from .helpers import (
    Environments,
    ask,
    assert_marked,
    blocks,
    commit,
    environment,
    logged,
    need,
    predict_example,
    release,
    run,
    served,
)
from .people import PASSWORD, Person
from .servers import Databases, database_name

PAGE = "docs/moving.md"
EMAIL = "you@example.com"
NOTE = "Ask the cellar"

if os.name == "nt":
    pytest.skip("the commands are written for a POSIX shell", allow_module_level=True)


def test_what_is_not_run_is_marked() -> None:
    assert_marked(PAGE, "sh", "text", "console")


def test_a_project_moves_on(
    plain_git: None,
    databases: Databases,
    environments: Environments,
    tmp_path: Path,
) -> None:
    (tmp_path / "copier-mlserve").mkdir()
    with databases.fresh("postgresql") as fresh:
        owner = Owner(tmp_path, environments, fresh["DATABASE_URL"])
        for language, block in blocks(PAGE):
            if language == "sh":
                owner.types(block)
            elif language == "text":
                owner.reads(block)
        owner.looks_around()
        server: Any = databases.server("postgresql")
        name = database_name(fresh["DATABASE_URL"])
        assert server.execute("SELECT text FROM project_note", name) == [(NOTE,)]


class Owner:
    """Who has the project, and a service that runs now and then."""

    def __init__(self, folder: Path, environments: Environments, url: str) -> None:
        self.here, self.template = folder, folder / "copier-mlserve"
        # Of its own, as there is only ever one project in one.
        self.settings = environments.of("prices") | {
            "PATH": f"{Path(need('uv')).parent}{os.pathsep}{environment()['PATH']}",
            "NEW_DATABASE": url,
            "ADMIN_PASSWORD": PASSWORD,
        }
        release(self.template, "v0.2.0")
        self.releases, self.said, self.token = 0, "", ""
        self.made: list[str] = []  # ids of predictions, newest first
        self.kept = ""  # what the old database held when it was left

    def types(self, block: str) -> None:
        if "copier update" in block:
            self.has_a_release()
        if "framework=django" in block:
            self.kept = self.left()
        if block == "uv run manage serve\n":
            self.predicts()
            return
        script = f"{block}\necho; pwd"
        *output, folder = run(self.here, "sh", "-ec", script, **self.settings).splitlines()
        self.here, self.said = Path(folder), "\n".join(output)
        if "create-admin" in block:
            self.writes_a_note()
            self.predicts_by_token()

    def has_a_release(self) -> None:
        """One that changes a file of every project."""
        self.releases += 1
        config = self.template / "template_common/src/package/config.py.jinja"
        config.write_text(f"{config.read_text('utf-8')}\n# Release {self.releases}.\n", "utf-8")
        commit(self.template, "release", f"v0.2.{self.releases}")

    def reads(self, printed: str) -> None:
        for line in printed.splitlines():
            pattern = ".*".join(map(re.escape, line.split("...")))
            assert re.search(pattern, self.said), f"{line!r} is not in:\n{self.said}"

    def predicts(self) -> None:
        with served(self.here, **self.settings) as (port, _):
            (made,) = predict_example(port)["predictions"]
            outcome = {"actual": 1.5, "comment": "so it came"}
            ask(port, f"/api/v1/predictions/{made['id']}/feedback", outcome)
            assert "Who sets our prices" in Person(port).get("/about")[1]
        self.made = [made["id"], *self.made]

    def predicts_by_token(self) -> None:
        with served(self.here, **self.settings) as (port, _):
            person = Person(port).logged_in(EMAIL)
            self.token = person.token()
            (made,) = predict_example(port, self.token)["predictions"]
            assert "Who sets our prices" in person.get("/about")[1]
            self.before = logged(port, self.token)
        self.made = [made["id"], *self.made]
        assert [one["id"] for one in self.before] == self.made

    def writes_a_note(self) -> None:
        with contextlib.closing(sqlite3.connect(self.here / "data/app.db")) as there, there:
            there.execute("INSERT INTO note (text) VALUES (?)", [NOTE])

    def left(self) -> str:
        """What tells whether the old database is as it was left."""
        return sha256((self.here / "data/app.db").read_bytes()).hexdigest()

    def looks_around(self) -> None:
        """All is there, and the releases came."""
        assert self.left() == self.kept
        assert f"# Release {self.releases}." in (self.here / "src/prices/config.py").read_text()
        with served(self.here, **self.settings) as (port, _):
            assert logged(port, self.token) == self.before
            person = Person(port).logged_in(EMAIL)
            assert "Who sets our prices" in person.get("/about")[1]
            assert person.get("/admin/")[0] == 200
            (made,) = predict_example(port, self.token)["predictions"]
            assert logged(port, self.token)[0]["id"] == made["id"]

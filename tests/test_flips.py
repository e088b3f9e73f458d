"""Every answer is changed by itself, on a project with data: all of it is there afterwards.

That its files are those of a new project is held by `test_update`, and that such a project passes
its own tests by `test_projects`.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import copier
import pytest
from argon2 import PasswordHasher
from modeldesk.accounts.tokens import digest, new_secret

from .helpers import (
    MIGRATE,
    Environments,
    commit,
    copy,
    logged,
    need,
    predict_example,
    release,
    run,
    served,
    status,
    sync,
    tree,
)
from .people import EMAIL, PASSWORD, Person
from .promoting import publish_two
from .servers import Databases
from .test_transfer import accounts, brought_from, entry, write
from .variants import Answers, choices

SECRET = new_secret()
EVERYTHING = {"model": "classification", "auth": True, "admin": True, "forms": True}
WALKS: list[tuple[Answers, list[Answers]]] = [
    (
        {"framework": "flask", "database": "sqlite"},
        [
            *({"forms": False}, {"forms": True}, {"auth": False}, {"auth": True}),
            *({"admin": False}, {"admin": True}, {"model": "own"}, {"framework": "django"}),
            *({"database": "mongodb"}, {"framework": "flask"}, {"database": "postgresql"}),
        ],
    ),
    (
        {"framework": "django", "database": "mysql", "auth": False, "admin": False},
        [
            *({"auth": True}, {"admin": True}, {"forms": False}, {"auth": False}),
            *({"forms": True}, {"auth": True}, {"admin": False}, {"model": "regression"}),
            *({"framework": "flask"}, {"database": "sqlite"}),
        ],
    ),
]


def test_every_answer_is_flipped() -> None:
    """That changes a project; SQL Server is not run."""
    for _, flips in WALKS:
        flipped = {name for flip in flips for name in flip}
        assert flipped == {"forms", "auth", "admin", "model", "framework", "database"}
        for name in ("forms", "auth", "admin"):
            assert {flip[name] for flip in flips if name in flip} == {True, False}
    ends = [{one.get("database") for one in (begun, *flips)} for begun, flips in WALKS]
    wanted = {choice.value for choice in choices("database", {})} - {"sqlserver"}
    assert set.union(*ends) - {None} == wanted


def kept(*, asked: bool) -> Iterator[dict[str, Any]]:
    """Accounts, tokens, totals, and predictions, for which an account has `asked` or nobody."""
    for line in accounts():
        if line["kind"] == "account" and "admin" in line["roles"]:
            owner = line["id"] if asked else None
            line |= {"email": EMAIL, "password": PasswordHasher().hash(PASSWORD)}
        if line["kind"] == "token" and not line["expires_at"]:
            line |= {"digest": digest(SECRET)}
        yield line
    moment = "2026-03-01T00:00:00.000001Z"
    feedback = {"actual": "class_1", "comment": "so it came", "created_at": moment}
    shadow = {"version": "ba9876543210", "value": "class_0", "probabilities": {"class_0": 1.0}}
    told: list[dict[str, Any]] = [{"feedback": feedback}, {"shadow": shadow}, {}]
    for number, given in enumerate(told):
        yield entry(number, value="class_0", label="class_0", user_id=owner, **given)


@pytest.fixture(scope="module")
def releases(plain_git: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return release(tmp_path_factory.mktemp("flips"))


@pytest.mark.parametrize(("begun", "flips"), WALKS, ids=["flask", "django"])
def test_all_is_there_after_each_flip(
    *,
    releases: Path,
    tmp_path: Path,
    databases: Databases,
    environments: Environments,
    begun: Answers,
    flips: list[Answers],
) -> None:
    with ExitStack() as stack:
        owner = Owner(tmp_path, stack, databases, environments)
        owner.begins(releases, EVERYTHING | begun)
        for flip in flips:
            owner.flips(flip)
            owner.looks_around()
        owner.exports()


class Owner:
    """Who changes an answer now and then."""

    def __init__(
        self, folder: Path, stack: ExitStack, databases: Databases, environments: Environments
    ) -> None:
        self.folder, self.made = folder, folder / "service"
        self.stack, self.databases, self.environments = stack, databases, environments
        self.answers: Answers = {}
        self.urls: dict[str, str] = {"sqlite": f"sqlite:///{self.made}/data/app.db"}
        self.log: list[Any] = []

    @property
    def settings(self) -> dict[str, str]:
        database, framework = str(self.answers["database"]), str(self.answers["framework"])
        return {"DATABASE_URL": self.urls[database], **self.environments.of(framework)}

    def uses(self, answers: Answers) -> None:
        self.answers = self.answers | answers
        database = str(self.answers["database"])
        if database not in self.urls:
            fresh = self.stack.enter_context(self.databases.fresh(database))
            self.urls[database] = fresh["DATABASE_URL"]

    def manage(self, *words: str) -> str:
        return run(self.made, need("uv"), "run", *words, **self.settings)

    def migrates(self) -> None:
        self.manage("manage", *MIGRATE[str(self.answers["framework"])])

    def begins(self, template: Path, answers: Answers) -> None:
        self.uses(answers)
        copy(template, self.made, answers)
        run(self.made, "git", "init", "--quiet")
        sync(self.made, **self.settings)
        older, _ = publish_two(self.made, **self.settings)
        self.manage("manage", "shadow", older)
        self.migrates()
        self.lines = [*kept(asked=bool(answers["auth"]))]
        self.imports()
        self.artifacts = tree(self.made / "artifacts")
        self.looks_around()

    def imports(self) -> None:
        """What there is a place for."""
        file = write(self.folder / "given.jsonl", iter(self.lines))
        said = self.manage("manage", "import", str(file))
        self.has_accounts = "4 accounts left out" not in said

    def flips(self, flip: Answers) -> None:
        commit(self.made, f"before {flip}")
        before = self.answers
        copier.run_update(self.made, data=flip, defaults=True, overwrite=True, quiet=True)
        self.uses(flip)
        sync(self.made, **self.settings)
        self.migrates()
        if not self.has_accounts:
            self.imports()
        if flip.keys() & {"framework", "database"}:
            url = self.urls[str(before["database"])]
            whose = ("--accounts", str(before["framework"]))
            said = self.manage(*brought_from(str(before["database"]), url), *whose)
            assert "4 accounts, the same here and there" in said

    def looks_around(self) -> None:
        auth, admin, forms = (self.answers[name] for name in ("auth", "admin", "forms"))
        token = SECRET if auth else ""
        with served(self.made, "--workers", "1", **self.settings) as (port, _):
            assert not self.log or logged(port, token) == self.log
            assert (status(port, "/admin/") != 404, status(port, "/") != 404) == (admin, forms)
            if auth or admin:
                Person(port).logged_in(EMAIL, PASSWORD)
            (made,) = predict_example(port, token)["predictions"]
            self.log = logged(port, token)
            assert self.log[0]["id"] == made["id"]
        assert tree(self.made / "artifacts") == self.artifacts

    def exports(self) -> None:
        """Nothing of what it began with has changed, but for the log-ins of the one account.

        Django hashes a password anew then, where its costs are others.
        """
        self.manage("manage", "export", "all.jsonl")
        found = [json.loads(line) for line in (self.made / "all.jsonl").read_bytes().splitlines()]
        there = {json.dumps(self.timeless(one), sort_keys=True) for one in found}
        wanted = [json.dumps(self.timeless(one), sort_keys=True) for one in self.lines]
        assert [one for one in wanted if one not in there] == []

    @staticmethod
    def timeless(line: dict[str, Any]) -> dict[str, Any]:
        changed = {"last_login_at", "last_used_at"}
        changed |= {"password"} if line.get("email") == EMAIL else set()
        return {name: value for name, value in line.items() if name not in changed}

"""All that is kept moves between all frameworks and databases, and nothing of it changes."""

import contextlib
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
from modeldesk.moving.source import NEEDED
from modeldesk.serving.log import id_at, iso

from .helpers import MIGRATE, Environments, copy, environment, need, run, sync
from .servers import SERVERS, Databases
from .variants import Project, asked, projects

FEW, MANY = 5_000, 25_000
ALLOWED_GROWTH = 8 * 2**20  # bytes of memory, from FEW predictions to MANY

ROUTE = [
    ("flask", "sqlite"),
    ("django", "postgresql"),
    ("flask", "mysql"),
    ("django", "mongodb"),
    ("flask", "mongodb"),
    ("django", "sqlite"),
    ("flask", "postgresql"),
    ("django", "mysql"),
    ("flask", "sqlite"),
]
HASH = "$argon2id$v=19$m=65536,t=3,p=4$c29tZSBzYWx0$YSBoYXNoIG9mIGEgcGFzc3dvcmQ"
FIRST = datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC)
HARD_VALUES: list[Any] = [
    *(0, 1, -1, 2**53 + 1, 2**63 - 1, -(2**63)),
    *(0.0, -0.0, 1.0, 0.1 + 0.2, 1e23, 1e22, 5e-324, 1.7976931348623157e308, -1e-7, 123456789.125),
    *(True, False, None, [], {}, [None, [1.0, {"a": []}]], {"b": 1, "a": {"": None}}),
    *("", " ", "a", "A", "á", "a\u0301", "ß", "ss", "😀", "\u2028", "\ufeff", "line\nline\ttab"),
    *("' or 1=1 --", '"', "\\", "\\n", "%s", "$where", "null", "1", "ÿ", "\u007f", "\uffff"),
]
NAMES = ["a", "A", "mean radius", "a.b", "$set", "$a.$b", "é😀", "x'\"\\`", "_id", "", "0"]


def entry(number: int, **given: Any) -> dict[str, Any]:
    """A line of an exported file; `number` orders it, and its id begins with its moment."""
    created_at = FIRST + timedelta(milliseconds=number, microseconds=number % 1000)
    moment = given.get("created_at") or iso(created_at)
    first = id_at(datetime.fromisoformat(moment))
    usual = {
        "kind": "prediction",
        "id": f"{first[:14]}7000-8000-{number:012x}",
        "created_at": moment,
        "request_id": f"request-{number}",
        "model_version": "0123456789ab",
        "inputs": {"area": number / 7, "rooms": number, "city": "Zürich"},
        "value": number / 3,
        "probabilities": None,
        "label": None,
        "duration_ms": 0.25,
        "feedback": None,
        "shadow": None,
        "user_id": None,
    }
    return usual | given


def hard_entries() -> Iterator[dict[str, Any]]:
    """One for each value that some database has changed somewhere."""
    for value in HARD_VALUES:
        yield {"inputs": dict.fromkeys(NAMES, value)}
        if isinstance(value, float):
            yield {"value": value, "duration_ms": abs(value), "probabilities": {"a": value}}
            yield {"shadow": {"version": "v", "value": value, "probabilities": {"a": value}}}
        if isinstance(value, str):
            feedback = {
                "actual": value,
                "comment": value,
                "created_at": "2026-03-01T00:00:00.000001Z",
            }
            yield {"value": value, "label": value, "request_id": value, "feedback": feedback}
    yield {"label": "l" * 255, "model_version": "v" * 64, "inputs": {"text": "😀" * 100_000}}
    yield {"created_at": "9999-12-31T23:59:59.999999Z", "value": True, "label": "True"}


def write(path: Path, entries: Iterator[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8") as file:
        for content in ({"format": "service-export", "version": 1}, *entries):
            file.write(json.dumps(content) + "\n")
    return path


@dataclass
class Place:
    """A project whose database holds predictions."""

    made: Path
    settings: dict[str, str]

    def manage(self, *arguments: str) -> None:
        run(self.made, need("uv"), "run", "manage", *arguments, **self.settings)

    def memory(self, *arguments: str) -> int:
        """The most memory, in bytes, that was seen of a command; it must end well."""
        began, most = time.monotonic(), 0
        command = [need("uv"), "run", *arguments]
        with (self.made / "log").open("wb") as log:
            process = psutil.Popen(
                command, cwd=self.made, env=environment(**self.settings), stdout=log, stderr=log
            )
        while process.poll() is None:
            with contextlib.suppress(psutil.NoSuchProcess):
                below = process.children(recursive=True)
                most = max(most, sum(child.memory_info().rss for child in below))
            time.sleep(0.02)
        assert process.returncode == 0, (self.made / "log").read_text(encoding="utf-8")
        took = time.monotonic() - began
        print(f"{self.made.name}: {arguments[-2]} {took:.1f} s, {most / 2**20:.0f} MiB")
        return most


@contextlib.contextmanager
def place(
    project: Project,
    folder: Path,
    template: Path,
    databases: Databases,
    environments: Environments,
) -> Iterator[Place]:
    made = copy(template, folder / project.name, project.answers)
    with databases.fresh(str(project.answers["database"])) as fresh:
        here = Place(made, fresh | environments.of(str(project.answers["framework"])))
        sync(made, **here.settings)
        here.manage(*MIGRATE[project.answers["framework"]])
        yield here


def project_of(framework: str, database: str, *, accounts: bool = False) -> Project:
    """One without pages, whose model is the sample of classes."""
    wanted = {"framework": framework, "database": database, "forms": False}
    wanted |= {"model": "classification"}
    wanted |= {name: accounts for name in ("auth", "admin") if name in asked()}
    return next(p for p in projects() if p.answers.items() >= wanted.items())


def test_the_route_has_every_framework_on_every_database() -> None:
    assert set(ROUTE) == {(f, d) for f in MIGRATE for d in ("sqlite", *SERVERS)}


def accounts() -> Iterator[dict[str, Any]]:
    """Lines of accounts of every kind, of their tokens, and of daily totals."""
    usual: dict[str, Any] = {
        "kind": "account",
        "name": "",
        "password": HASH,
        "active": True,
        "confirmed_at": "2026-02-28T23:59:59.999999Z",
        "created_at": "2026-01-31T00:00:00.000001Z",
        "last_login_at": None,
        "roles": ["viewer"],
    }
    others: list[dict[str, Any]] = [
        {"name": "Ada 😀 Lovelace", "roles": ["admin", "analyst"]},
        {"active": False, "last_login_at": "2026-03-01T00:00:00.000001Z"},
        {"confirmed_at": None, "password": "", "roles": []},
        {"email": "ä" * 64 + "@exämple.com", "name": "n" * 100},
    ]
    owners = [
        usual | {"id": entry(number)["id"], "email": f"ada{number}@example.com"} | given
        for number, given in enumerate(others)
    ]
    yield from owners
    for number, digest in enumerate("abc"):
        yield {
            "kind": "token",
            "id": entry(number)["id"],
            "user_id": owners[number % 2]["id"],
            "digest": digest * 64,
            "name": "é😀",
            "created_at": "2026-01-31T00:00:00.000001Z",
            "expires_at": "2026-04-30T23:59:59.999999Z" if number else None,
            "last_used_at": None,
        }
    for day in ("09", "10"):
        counts = {"count": 3, "duration_ms": 0.75, "longest_ms": 0.5, "with_feedback": 2}
        of = {"kind": "summary", "day": f"2026-01-{day}", "model_version": "0123456789ab"}
        yield of | counts | {"correct": 1, "errors": {}, "labels": {"dear": 3}}


def brought_from(stop: str, url: str) -> list[str]:
    """The command that moves to a project from another kind of database."""
    needed = NEEDED[stop].values()
    return [*(word for one in needed for word in ("--with", one)), "manage", "move-from", url]


def test_nothing_changes_on_the_way(
    template: Path, tmp_path: Path, databases: Databases, environments: Environments
) -> None:
    """By one command from each to the next, and by a file at both ends."""
    entries = [*accounts()]
    owner = entries[0]["id"]
    entries += [
        entry(number, user_id=owner, **given) for number, given in enumerate(hard_entries())
    ]
    given, taken = write(tmp_path / "given.jsonl", iter(entries)), tmp_path / "taken.jsonl"
    with contextlib.ExitStack() as stack:
        before: list[str] = []
        for turn, (framework, database) in enumerate(ROUTE):
            stop = project_of(framework, database, accounts=True)
            folder = tmp_path / str(turn)
            here = stack.enter_context(place(stop, folder, template, databases, environments))
            if before:
                run(here.made, need("uv"), "run", *brought_from(*before), **here.settings)
            else:
                here.manage("import", str(given))
            file = f"sqlite:///{here.made}/data/app.db"
            before = [database, here.settings.get("DATABASE_URL", file)]
        here.manage("export", str(taken))
    lines = [json.loads(line) for line in taken.read_bytes().splitlines()[1:]]
    # Texts tell 1 from 1.0 and 0.0 from -0.0.
    got, wanted = ([json.dumps(one, sort_keys=True) for one in of] for of in (lines, entries))
    assert len(got) == len(wanted)
    assert [text for text in got if text not in wanted][:1] == []


def test_many_predictions_in_constant_memory(
    template: Path, tmp_path: Path, databases: Databases, environments: Environments
) -> None:
    """By a file into Flask on SQLite, by one command to Django on PostgreSQL, and into a file."""
    used: dict[int, list[int]] = {}
    for many in (FEW, MANY):
        chance = random.Random(many)
        given = write(
            tmp_path / f"{many}.jsonl",
            (entry(number, value=chance.random()) for number in range(many)),
        )
        taken = tmp_path / f"{many}-taken.jsonl"
        with contextlib.ExitStack() as stack:
            first, second = (
                stack.enter_context(
                    place(
                        project_of(framework, database),
                        tmp_path / f"{many}-{database}",
                        template,
                        databases,
                        environments,
                    )
                )
                for framework, database in (("flask", "sqlite"), ("django", "postgresql"))
            )
            url = f"sqlite:///{first.made}/data/app.db"
            used[many] = [
                first.memory("manage", "import", str(given)),
                second.memory(*brought_from("sqlite", url)),
                second.memory("manage", "export", str(taken)),
            ]
        with taken.open("rb") as lines:
            assert sum(1 for _ in lines) == many + 1
    for few, more in zip(used[FEW], used[MANY], strict=True):
        assert more < few + ALLOWED_GROWTH, used

"""Everything of one database is brought into another, or nothing is, and why is said."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from modeldesk.accounts.lines import AccountLine
from modeldesk.moving import command, move, source
from modeldesk.serving import transfer
from modeldesk.serving.log import Feedback, LogUnavailable
from modeldesk.serving.settings import Settings
from modeldesk.serving.summaries import DaySummary, Totals
from modeldesk.serving.transfer import TransferError
from modeldesk.stores import schema
from modeldesk.stores.engine import engine_for_migrations
from modeldesk.stores.sql_log import SQLPredictionLog
from modeldesk.stores.sql_summaries import SQLSummaries
from modeldesk.testing.records import MOMENT, record
from sqlalchemy import Engine, create_engine, text

HASH = "$argon2id$v=19$m=65536,t=3,p=4$c29tZSBzYWx0$YSBoYXNoIG9mIGEgcGFzc3dvcmQ"
IDS = [f"01936b1c-0000-7000-8000-00000000000{n}" for n in range(5)]
FLASK = f"""
CREATE TABLE roles (name VARCHAR(80) PRIMARY KEY, permissions JSON);
CREATE TABLE users (id VARCHAR(36) PRIMARY KEY, email VARCHAR(255), name VARCHAR(100),
  password VARCHAR(255), active BOOLEAN, confirmed_at DATETIME, created_at DATETIME,
  last_login_at DATETIME, fs_uniquifier VARCHAR(64));
CREATE TABLE users_roles (user_id VARCHAR(36), role VARCHAR(80));
CREATE TABLE tokens (id VARCHAR(36) PRIMARY KEY, digest VARCHAR(64), user_id VARCHAR(36),
  name VARCHAR(100), created_at DATETIME, expires_at DATETIME, last_used_at DATETIME);
INSERT INTO roles VALUES ('admin', '[]'), ('analyst', '[]');
INSERT INTO users VALUES ('{IDS[0]}', 'ada@example.com', 'Ada', '{HASH}', 1,
  '2026-01-01 00:00:00.000001', '2026-01-01 00:00:00', NULL, 'x');
INSERT INTO users VALUES ('{IDS[1]}', 'BOB@example.com', '', '', 0, NULL,
  '2026-01-01 00:00:00', '2026-01-01 00:00:00', 'y');
INSERT INTO users_roles VALUES ('{IDS[0]}', 'analyst'), ('{IDS[0]}', 'admin');
INSERT INTO tokens VALUES ('{IDS[2]}', '{"a" * 64}', '{IDS[0]}', 'a program',
  '2026-01-01 00:00:00', NULL, NULL)
"""  # noqa: S608
DJANGO = f"""
CREATE TABLE auth_group (id INTEGER PRIMARY KEY, name VARCHAR(150));
CREATE TABLE accounts_user (id VARCHAR(36) PRIMARY KEY, email VARCHAR(255), name VARCHAR(100),
  password VARCHAR(128), is_active BOOL, is_superuser BOOL, confirmed_at DATETIME,
  created_at DATETIME, last_login DATETIME);
CREATE TABLE accounts_user_groups (id INTEGER PRIMARY KEY, user_id VARCHAR(36), group_id INTEGER);
CREATE TABLE accounts_token (id VARCHAR(36) PRIMARY KEY, digest VARCHAR(64), user_id VARCHAR(36),
  name VARCHAR(100), created_at DATETIME, expires_at DATETIME, last_used_at DATETIME);
INSERT INTO auth_group VALUES (7, 'analyst');
INSERT INTO accounts_user VALUES ('{IDS[0]}', 'ada@example.com', 'Ada', 'argon2{HASH}', 1, 1,
  '2026-01-01 00:00:00.000001', '2026-01-01 00:00:00', NULL);
INSERT INTO accounts_user VALUES ('{IDS[1]}', 'bob@example.com', '', '!none', 0, 0, NULL,
  '2026-01-01 00:00:00', '2026-01-01 00:00:00');
INSERT INTO accounts_user_groups VALUES (1, '{IDS[0]}', 7);
INSERT INTO accounts_token VALUES ('{IDS[2]}', '{"a" * 64}', '{IDS[0]}', 'a program',
  '2026-01-01 00:00:00', NULL, NULL)
"""  # noqa: S608


class Kept:
    """Accounts or tokens of a project, as it adds and finds them."""

    def __init__(self) -> None:
        self.rows: dict[str, Any] = {}

    def add(self, records: Sequence[Any]) -> None:
        self.rows |= {one.id: one for one in records}

    def find(self, ids: Sequence[str]) -> list[Any]:
        return [self.rows[one] for one in ids if one in self.rows]

    def scan(self, after: str, limit: int) -> list[Any]:
        return self.find([one for one in sorted(self.rows) if one > after][:limit])

    def count(self) -> int:
        return len(self.rows)


class Place:
    """A database in SQLite."""

    def __init__(self, path: Path, empty: Path) -> None:
        shutil.copy(empty, path)
        self.url = f"sqlite:///{path}"
        self.settings = Settings.model_construct(database_url=self.url, database_timeout=0)
        self.engine: Engine = engine_for_migrations(self.settings)
        self.log, self.summaries = SQLPredictionLog(self.engine), SQLSummaries(self.engine)
        self.stores: dict[str, Any] = {
            "account": Kept(),
            "token": Kept(),
            "summary": self.summaries,
            "prediction": self.log,
        }

    def execute(self, statements: str) -> None:
        with self.engine.begin() as connection:
            for statement in statements.split(";\n"):
                connection.execute(text(statement.replace(":", r"\:")))


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the library's tables."""
    path = tmp_path_factory.mktemp("empty") / "app.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        schema.upgrade(connection)
    engine.dispose()
    return path


@pytest.fixture
def there(folder: Path, empty: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """What is to be brought: three predictions, a day's totals, and accounts as Flask has them."""
    monkeypatch.chdir(folder)
    place = Place(folder / "there.db", empty)
    place.log.add([record(), record(user_id=IDS[0], feedback=Feedback(2, "so", MOMENT)), record()])
    place.summaries.add([DaySummary("2026-01-01", "0123456789ab", Totals(3, 0.75, 0.5))])
    place.execute(FLASK)
    yield place
    place.engine.dispose()


@pytest.fixture
def here(folder: Path, empty: Path) -> Iterator[Place]:
    """An empty database of this project."""
    place = Place(folder / "here.db", empty)
    yield place
    place.engine.dispose()


def bring(url: str, here: Place, **options: Any) -> list[str]:
    """What the command says."""
    said: list[str] = []
    usual: dict[str, Any] = {"check": False, "add": False, "whose": None}
    command.run(
        url,
        **usual | options,
        settings=here.settings,
        framework="django",
        here=here.stores,
        roles=["admin", "analyst"],
        outdated=lambda: None,
        say=said.append,
    )
    return said


def refused(url: str, here: Place, words: str, **options: Any) -> None:
    """Fail unless nothing is brought, and why is said."""
    before = {kind: store.count() for kind, store in here.stores.items()}
    with pytest.raises(TransferError) as caught:
        bring(url, here, **options)
    assert words in str(caught.value)
    assert {kind: store.count() for kind, store in here.stores.items()} == before


def lines(place: Place) -> list[Any]:
    return [one for store in place.stores.values() for one in store.scan("", 1000)]


def test_all_of_it(there: Place, here: Place) -> None:
    content = Path(there.url.removeprefix("sqlite:///")).read_bytes()
    said = bring(there.url, here)
    assert "2 accounts, the same here and there" in "\n".join(said)
    assert said[-1].endswith("to go back, use it as before.")
    assert here.log.scan("", 10) == there.log.scan("", 10)
    assert here.summaries.scan("", 10) == there.summaries.scan("", 10)
    ada, bob = here.stores["account"].scan("", 10)
    assert (ada.password, ada.roles, ada.confirmed_at.microsecond) == (
        HASH,
        ["admin", "analyst"],
        1,
    )
    assert (bob.email, bob.active, bob.password) == ("bob@example.com", False, "")
    (token,) = here.stores["token"].scan("", 10)
    assert (token.user_id, token.expires_at) == (ada.id, None)
    assert Path(there.url.removeprefix("sqlite:///")).read_bytes() == content


def test_accounts_of_either_framework(there: Place, here: Place, folder: Path, empty: Path) -> None:
    other = Place(folder / "other.db", empty)
    other.execute(DJANGO)
    bring(there.url, here)
    accounts = here.stores["account"].scan("", 10)
    here.stores["account"], here.stores["token"] = Kept(), Kept()
    bring(other.url, here, add=True)
    assert here.stores["account"].scan("", 10) == accounts
    other.execute(FLASK)
    refused(other.url, here, "Say which go on: --accounts flask, or --accounts django.")
    said = bring(other.url, here, add=True, whose="flask")
    assert "Accounts are as Flask writes them" in said
    other.engine.dispose()


def test_of_the_same_database_the_accounts_of_the_other_framework(there: Place) -> None:
    said = bring(there.url, there)
    compared = [one for one in said if "the same here and there" in one]
    assert [one.partition(",")[0] for one in compared] == ["2 accounts", "1 tokens"]
    there.execute("DELETE FROM users")
    refused(there.url, there, "is the database of this project.")


def test_a_look_changes_nothing(there: Place, here: Place) -> None:
    said = bring(there.url, here, check=True)
    assert f"3 predictions at {there.url.removeprefix('sqlite:///')}" in said
    assert "nothing is changed" in said[-1]
    assert not lines(here)


def test_what_keeps_no_accounts_leaves_them(there: Place, here: Place) -> None:
    del here.stores["account"], here.stores["token"]
    said = bring(there.url, here)
    assert "Not 2 accounts, as this service has none" in said
    assert [one.user_id for one in here.log.scan("", 10)] == [None] * 3


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE users SET email = 'ada'", "email: "),
        ("UPDATE users SET email = 'Ada@example.com' WHERE name = ''", "has the address ada@"),
        ("UPDATE users SET password = 'pbkdf2$1'", "password: Input should be a hash of argon2id"),
        ("UPDATE users_roles SET role = 'chief'", "It has the role chief, and the roles here are"),
        ("UPDATE tokens SET digest = 'x'", f"token {IDS[2]}: digest: "),
        ("UPDATE predictions SET created_at = '2020-01-01 00:00:00'", "created_at: "),
    ],
)
def test_what_cannot_be_here(there: Place, here: Place, statement: str, words: str) -> None:
    """All of it is told before anything is brought."""
    there.execute(statement)
    refused(there.url, here, words)


def test_what_is_here_already(there: Place, here: Place) -> None:
    here.log.add([mine := record()])
    refused(there.url, here, "1 predictions are here that are not there.")
    bring(there.url, here, add=True)
    assert here.log.count() == 4
    assert here.log.find([mine.id]) == [mine]


def test_an_address_of_an_account_that_is_here(there: Place, here: Place) -> None:
    mine = AccountLine.model_construct(id=IDS[4], email="ada@example.com", roles=[])
    here.stores["account"].add([mine])
    refused(there.url, here, f"The account {IDS[4]} has the address ada@example.com", add=True)


def test_what_differs_here_is_told(there: Place, here: Place) -> None:
    first = there.log.scan("", 1)[0]
    here.log.add([replace(first, value=2.5)])
    with pytest.raises(TransferError, match=f"predictions are otherwise here: {first.id}. Begin"):
        bring(there.url, here)
    said = bring(there.url, here, add=True)
    assert f"These predictions are otherwise here, and stay as they are: {first.id}" in said
    assert here.log.scan("", 1) == [replace(first, value=2.5)]


def breaks(error: BaseException) -> Callable[..., Any]:
    def act(*_: Any) -> Any:
        raise error

    return act


@pytest.mark.parametrize("error", [KeyboardInterrupt(), LogUnavailable("no route")])
def test_a_move_that_was_interrupted(
    there: Place, here: Place, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    """It goes on, with the outcomes that came meanwhile."""
    monkeypatch.setattr(transfer, "BATCH", 1)
    with monkeypatch.context() as patch:
        patch.setattr(here.log, "give_feedback", breaks(error))
        add, added = here.log.add, list[Any]()

        def second(records: Any) -> None:
            if added:
                raise error
            added.extend(records)
            add(records)

        patch.setattr(here.log, "add", second)
        with pytest.raises(TransferError, match="Run the command again to continue"):
            bring(there.url, here)
    assert here.log.count() == 1
    first = there.log.scan("", 1)[0]
    there.log.give_feedback(first.id, Feedback(1, "since", MOMENT))
    there.log.set_shadow({first.id: {"version": "v", "value": 1.0, "probabilities": None}})
    bring(there.url, here)
    assert here.log.scan("", 10) == there.log.scan("", 10)


def test_a_service_that_goes_on_there(
    there: Place, here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is noticed: what is here by then is no copy of what is there."""

    def bring_late(*given: Any, **options: Any) -> None:
        move.bring(*given, **options)
        there.log.add([record()])

    monkeypatch.setattr(command, "bring", bring_late)
    with pytest.raises(TransferError, match="The predictions there have changed meanwhile"):
        bring(there.url, here)
    monkeypatch.undo()
    bring(there.url, here)
    assert here.log.count() == 4


def test_no_room(there: Place, here: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=100))
    refused(there.url, here, "has room for 100 bytes")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:///none.db", "There is no file"),
        ("oracle://db/app", "The URL begins with none of sqlite://, postgresql://"),
        ("postgresql:///app", "The URL names no host"),
        ("postgresql://app:unsaid@127.0.0.1:1/app", "127.0.0.1:1/app cannot be read: "),
        ("mysql://app:unsaid@127.0.0.1:1/app", "127.0.0.1:1/app cannot be read: "),
        (
            "mongodb://app:unsaid@127.0.0.1:1/app?serverSelectionTimeoutMS=100",
            "127.0.0.1:1/app cannot be read: ",
        ),
    ],
)
def test_what_cannot_be_read(there: Place, here: Place, url: str, words: str) -> None:
    with pytest.raises(TransferError) as caught:
        bring(url, here)
    assert words in str(caught.value)
    assert "unsaid" not in str(caught.value)


def test_no_database_of_a_service(there: Place, here: Place, folder: Path) -> None:
    (folder / "notes.db").write_text("notes")
    refused(f"sqlite:///{folder}/notes.db", here, "notes.db cannot be read: file is not a database")
    there.execute("DROP TABLE summaries")
    refused(there.url, here, "is as an older release left it, without summaries. Bring it up to")
    there.execute("ALTER TABLE predictions RENAME TO forecasts")
    refused(there.url, here, "has no table `predictions`")


def test_a_driver_that_is_not_installed(
    there: Place, here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command that has it is told."""
    monkeypatch.setattr(source, "find_spec", lambda name: None)
    words = "uv run --with 'sqlalchemy>=2.0.41,<2.1' --with 'psycopg[binary]>=3.2.11,<4' manage"
    refused("postgresql://app:unsaid@127.0.0.1:1/app", here, words)


def test_drivers_are_those_of_projects() -> None:
    """As the template asks for them, or the library."""
    root = Path(__file__).parents[2]
    abouts = (root / "template_common/pyproject.toml.jinja", root / "pyproject.toml")
    asked = "".join(about.read_text("utf-8") for about in abouts)
    needed = {one for requirements in source.NEEDED.values() for one in requirements.values()}
    assert [one for one in needed if f'"{one}"' not in asked] == []


def test_a_file_that_is_not_in_wal_mode_stays_so(there: Place, here: Place) -> None:
    there.execute("SELECT 1")
    with there.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
    there.engine.dispose()
    path = Path(there.url.removeprefix("sqlite:///"))
    content = path.read_bytes()
    bring(there.url, here)
    assert path.read_bytes() == content

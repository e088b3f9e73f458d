"""One process at a time changes the tables: on a file, and what is asked of servers."""

import multiprocessing
import sqlite3
import threading
from pathlib import Path

import pytest
from modeldesk.serving import migration_lock as module
from modeldesk.serving.database_url import DATABASES
from modeldesk.serving.migration_lock import STATEMENTS, migration_lock

WAIT = 30  # seconds


def refuse(statement: str) -> None:
    raise AssertionError(f"a file is asked {statement}")


def migrate(url: str, path: Path) -> None:
    """A migration that loses a count when another one goes on beside it."""
    for _ in range(20):
        with migration_lock(url, refuse):
            number = int(path.read_text())
            path.write_text(str(number + 1))


def test_one_process_at_a_time_changes_a_file(tmp_path: Path) -> None:
    url = f"sqlite:///{(tmp_path / 'app.db').as_posix()}"
    (tmp_path / "number").write_text("0")
    context = multiprocessing.get_context("spawn")
    running = [
        context.Process(target=migrate, args=(url, tmp_path / "number"), daemon=True)
        for _ in range(2)
    ]
    for process in running:
        process.start()
    for process in running:
        process.join(WAIT)
    assert [process.exitcode for process in running] == [0, 0]
    assert (tmp_path / "number").read_text() == "40"


def test_the_database_itself_is_free_meanwhile(tmp_path: Path) -> None:
    """Migrations commit in between, which a lock on the database would not outlast."""
    path = tmp_path / "app.db"
    with migration_lock(f"sqlite:///{path.as_posix()}", refuse):
        database = sqlite3.connect(path, timeout=0)
        database.execute("CREATE TABLE t (x)")
        database.commit()
        database.close()


def test_who_waits_goes_on_when_the_other_is_done(tmp_path: Path) -> None:
    url = f"sqlite:///{(tmp_path / 'app.db').as_posix()}"
    order: list[str] = []

    def second() -> None:
        with migration_lock(url, refuse):
            order.append("second")

    def first() -> None:
        with migration_lock(url, refuse):
            waiting.start()
            waiting.join(0.3)
            order.append("first")
            raise RuntimeError("a migration that fails")

    waiting = threading.Thread(target=second)
    with pytest.raises(RuntimeError, match="fails"):
        first()
    waiting.join(WAIT)
    assert order == ["first", "second"]


def test_who_waits_too_long_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    url = f"sqlite:///{(tmp_path / 'app.db').as_posix()}"
    with (
        migration_lock(url, refuse),
        pytest.raises(sqlite3.OperationalError, match="locked"),
        migration_lock(url, refuse),
    ):
        raise AssertionError


@pytest.mark.parametrize("name", ["postgresql", "mysql", "sqlserver"])
def test_a_server_is_asked_before_and_after(name: str) -> None:
    scheme = DATABASES[name].schemes[0]
    asked: list[str] = []

    def migrate() -> None:
        with migration_lock(f"{scheme}://db.example.com/app", asked.append):
            asked.append("a migration")
            raise RuntimeError("that fails")

    with pytest.raises(RuntimeError, match="fails"):
        migrate()
    acquire, release = STATEMENTS[scheme]
    assert asked == [acquire, "a migration", release]


def test_a_lock_that_was_not_had_is_not_let_go_of() -> None:
    def fail(statement: str) -> None:
        asked.append(statement)
        raise ConnectionError("no route to host")

    asked: list[str] = []
    with (
        pytest.raises(ConnectionError),
        migration_lock("postgresql://db.example.com/app", fail),
    ):
        raise AssertionError
    assert asked == [STATEMENTS["postgresql"][0]]

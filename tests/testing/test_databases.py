"""Databases for tests: each is empty, of its own, and gone afterwards."""

from pathlib import Path

import pytest
from modeldesk.serving.database_url import DATABASES
from modeldesk.testing.databases import MADE, fresh_database, kind_of, unreachable

from ..servers import SERVERS, Databases, database_name

KINDS = sorted(SERVERS)


def test_every_kind_can_be_made() -> None:
    assert {*MADE, "sqlite"} == set(DATABASES)


@pytest.mark.parametrize("kind", DATABASES)
def test_what_cannot_be_reached_is_of_its_kind(tmp_path: Path, kind: str) -> None:
    url = unreachable(kind, tmp_path)
    assert kind_of(url) == kind
    assert DATABASES[kind].parsed(url, tmp_path) == url


def test_a_file(tmp_path: Path) -> None:
    with fresh_database("sqlite:///data/app.db", tmp_path) as url:
        assert url == f"sqlite:///{tmp_path.as_posix()}/test.db"
        assert not (tmp_path / "test.db").exists()


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.xdist_group(kind)) for kind in KINDS]
)
def test_a_database_on_a_server(tmp_path: Path, databases: Databases, kind: str) -> None:
    with databases.fresh(kind) as settings:
        given = settings["DATABASE_URL"]
        with fresh_database(given, tmp_path) as url, fresh_database(given, tmp_path) as other:
            names = {database_name(one) for one in (given, url, other)}
            assert len(names) == 3
            with fresh_database(url, tmp_path):  # the user may do there what tests do
                assert databases.server(kind).tables(database_name(url)) == set()
        if kind != "mongodb":  # which makes what is asked for
            with pytest.raises(Exception, match=database_name(url)):
                databases.server(kind).tables(database_name(url))

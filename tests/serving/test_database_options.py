"""TLS and a pooler in DATABASE_URL: each spelling means one thing, and wrong ones are refused."""

from pathlib import Path

import pytest
import trustme
from modeldesk.serving.database_options import TLS, pooler_of, tls_of
from modeldesk.serving.database_url import DATABASES

URLS = {
    "postgresql": "postgresql://app:secret@db.example.com/app",
    "mysql": "mysql://app:secret@db.example.com/app",
    "mongodb": "mongodb://app:secret@one.example.com,two.example.com/app",
    "sqlserver": "mssql://app:secret@db.example.com/app",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with certificates: of an authority, and of a service with its key."""
    folder, authority = tmp_path_factory.mktemp("root"), trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    own = authority.issue_cert("service.example.com")
    own.private_key_and_cert_chain_pem.write_to_path(str(folder / "own.pem"))
    own.private_key_pem.write_to_path(str(folder / "key.pem"))
    (folder / "words.pem").write_text("none", "utf-8")
    return folder


def parsed(kind: str, options: str, root: Path) -> str:
    return DATABASES[kind].parsed(f"{URLS[kind]}?{options}", root)


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
@pytest.mark.parametrize(
    ("options", "mode"),
    [
        ("sslmode=disable", "disable"),
        ("ssl=false", "disable"),
        ("SSLMODE=require", "require"),
        ("ssl-mode=REQUIRED", "require"),
        ("ssl_mode=required&ssl=true", "require"),
        ("tls=true&tlsAllowInvalidCertificates=true", "require"),
        ("tls=true&tlsInsecure=true", "require"),
        ("ssl_mode=preferred", "prefer"),
    ],
)
def test_without_an_authority(kind: str, options: str, mode: str, root: Path) -> None:
    assert tls_of(parsed(kind, options, root)) == TLS(mode)


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
@pytest.mark.parametrize(
    ("options", "mode"),
    [
        ("sslrootcert=ca.pem", "verify-full"),
        ("ssl_ca=ca.pem", "verify-full"),
        ("ssl-ca=ca.pem&ssl-mode=VERIFY_IDENTITY", "verify-full"),
        ("tls=true&tlsCAFile=ca.pem", "verify-full"),
        ("ssl_ca=ca.pem&ssl_verify_cert=true&ssl_verify_identity=true", "verify-full"),
        ("ssl_ca=ca.pem&ssl_check_hostname=false", "verify-ca"),
        ("sslmode=require&sslrootcert=ca.pem", "verify-ca"),
        ("ssl_mode=VERIFY_CA&ssl_ca=ca.pem", "verify-ca"),
    ],
)
def test_with_an_authority(kind: str, options: str, mode: str, root: Path) -> None:
    """It is there to be held against, however it is asked for."""
    assert tls_of(parsed(kind, options, root)) == TLS(mode, str(root / "ca.pem"))


def test_the_authorities_of_the_system(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(root / "ca.pem"))
    for options in ("tls=true", "sslmode=verify-full", "sslrootcert=system"):
        for kind in ("postgresql", "mysql"):
            found = tls_of(parsed(kind, options, root))
            assert found == TLS("verify-full", str(root / "ca.pem"))
        assert parsed("mongodb", options, root) == f"{URLS['mongodb']}?tls=true"


def test_a_certificate_of_the_service(root: Path) -> None:
    options = "sslrootcert=ca.pem&ssl_cert=own.pem&ssl_key=own.pem"
    found = tls_of(parsed("mysql", options, root))
    assert found == TLS("verify-full", *(str(root / f"{n}.pem") for n in ("ca", "own", "own")))
    assert parsed("mongodb", options, root).endswith(
        f"?tls=true&tlsCAFile={root}/ca.pem&tlsCertificateKeyFile={root}/own.pem"
    )


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ("sslmode=disable", "tls=false"),
        ("ssl-mode=REQUIRED", "tls=true&tlsAllowInvalidCertificates=true"),
        ("ssl=true", "tls=true"),
    ],
)
def test_words_of_mongodb(options: str, found: str, root: Path) -> None:
    url = parsed(
        "mongodb", f"authSource=admin&{options}".replace("/ca.pem", f"{root}/ca.pem"), root
    )
    assert url.partition("?")[2].replace(str(root), "") == f"authSource=admin&{found}"


def test_what_is_not_of_tls_stays_as_it_is(root: Path) -> None:
    for options in ("options=-c%20work_mem%3D64MB&application_name=a+b", "sslsni=0", ""):
        assert parsed("postgresql", options, root) == f"{URLS['postgresql']}?{options}"
    for options in ("Encrypt=strict&TrustServerCertificate=no", "tds_version=7.4"):
        assert parsed("sqlserver", options, root) == f"{URLS['sqlserver']}?{options}"


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        ("postgresql", "sslmode=on", "sslmode=on should be disable, require, verify-ca or verify-"),
        ("mongodb", "sslmode=prefer", "sslmode=prefer should be"),
        ("mysql", "tls=maybe", "tls=maybe should be true or false"),
        ("mysql", "sslVerify=1", "sslVerify is no option. Say sslmode=verify-full&sslrootcert="),
        ("mongodb", "tls_certs=1", "tls_certs is no option"),
        ("postgresql", "sslmode=disable&sslrootcert=ca.pem", "nothing is held against sslrootcert"),
        ("postgresql", "sslmode=prefer&sslrootcert=ca.pem", "nothing is held against sslrootcert"),
        ("postgresql", "sslmode=verify-ca", "sslmode=verify-ca needs the certificate"),
        ("postgresql", "sslmode=require&sslmode=disable", "says two things"),
        ("mysql", "tls=true&sslmode=disable", "says sslmode=disable, and the opposite"),
        ("mysql", "sslmode=verify-full&tlsAllowInvalidHostnames=true", "and the opposite"),
        ("mysql", "ssl_ca=missing.pem", "missing.pem: No such file"),
        ("mysql", "ssl_ca=words.pem", "words.pem holds no certificate of the authority"),
        (
            "mysql",
            "ssl_ca=ca.pem&ssl_cert=ca.pem",
            "ca.pem holds no certificate of the service",
        ),
        ("mongodb", "tlsCAFile=ca.pem&ssl_cert=own.pem&ssl_key=key.pem", "in one file"),
        ("mysql", "pooler=transaction", "pooler is for PostgreSQL alone"),
        ("postgresql", "pooler=statement", "pooler=statement should be session or transaction"),
    ],
)
def test_what_is_refused(kind: str, options: str, words: str, root: Path) -> None:
    with pytest.raises(ValueError, match=f"^DATABASE_URL.*{words}") as refused:
        parsed(kind, options, root)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("options", "pooler"),
    [
        ("pooler=session", "session"),
        ("pooler=TRANSACTION", "transaction"),
        ("pgbouncer=true", "transaction"),
        ("pgbouncer=false", ""),
        ("", ""),
    ],
)
def test_a_pooler(options: str, pooler: str, root: Path) -> None:
    assert pooler_of(parsed("postgresql", options, root)) == pooler

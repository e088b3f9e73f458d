"""What is told of a database that cannot be used: what is wrong, and what mends that."""

import pytest
from modeldesk.serving.denied import denied
from modeldesk.serving.unreachable import unreachable

URL = "postgresql://app:unsaid@db.example.com/app"
PLACE = "db.example.com:5432/app"


@pytest.mark.parametrize(
    ("reason", "said", "mend"),
    [
        ("connection refused", f"The database cannot be reached at {PLACE}: ", "Start it"),
        (
            "FATAL:  unsupported startup parameter in options: statement_timeout",
            f"The database at {PLACE} is behind a pooler, which DATABASE_URL does not say: ",
            "Add pooler=transaction",
        ),
        (
            "certificate verify failed: certificate has expired (_ssl.c:1016)",
            "has a certificate that is refused: ",
            "Renew it",
        ),
        (
            "certificate verify failed: IP address mismatch, certificate is not valid for",
            "has a certificate that is refused: ",
            "sslmode=verify-ca",
        ),
        (
            'server certificate for "a" does not match host name "b"',
            "has a certificate that is refused: ",
            "Name the host in DATABASE_URL",
        ),
        (
            "certificate verify failed: self-signed certificate in certificate chain",
            "has a certificate that is refused: ",
            "The authority in sslrootcert",
        ),
        ("server does not support SSL, but SSL was required", "does not take TLS", "Turn TLS on"),
        ("TLS/SSL connection has been closed (EOF) (_ssl.c:992)", "does not take TLS", "Turn TLS"),
        (
            'no pg_hba.conf entry for host "h", user "app", database "app", no encryption',
            "takes TLS only",
            "sslmode=verify-full&sslrootcert=",
        ),
        ("tlsv13 alert certificate required", "asks for a certificate of the service", "sslcert="),
        ("SSL error: no protocols available", "cannot be spoken to by TLS", "Correct what"),
        (
            'FATAL:  password authentication failed for user "app"',
            "refuses the user or the password: ",
            "Correct them in DATABASE_URL, with %40 for @",
        ),
        (
            "Access denied for user 'app'@'10.0.0.1' (using password: YES)",
            "refuses the user or the password: ",
            "Correct them",
        ),
        ("Authentication failed", "refuses the user or the password: ", "Correct them"),
        ("command find requires authentication", "refuses the user", "authSource=admin"),
        ('FATAL:  database "ap" does not exist', "does not exist: ", "Create it on the server"),
        ("Unknown database 'ap'", "does not exist: ", "Create it on the server"),
        (
            "failed to resolve host 'db': [Errno -2] Name or service not known",
            "is at a host whose name is not known: ",
            "Correct it in DATABASE_URL",
        ),
        (
            'no pg_hba.conf entry for host "h", user "app", database "app", SSL encryption',
            "lets nobody in from here: ",
            "Let the server take",
        ),
        ("FATAL:  sorry, too many clients already", "has no connection left: ", "Let the server"),
        ("FATAL:  the database system is starting up", "is not ready: ", "Wait until"),
        (
            "bad value for connect_timeout: 'abc'",
            "cannot be asked as DATABASE_URL says: ",
            "Correct that there",
        ),
    ],
)
def test_what_mends_it(reason: str, said: str, mend: str) -> None:
    told = unreachable(URL, reason)
    assert said in told
    assert told.partition(f"{reason}. ")[2].startswith(mend) or mend in told
    assert "unsaid" not in told
    assert ("Start it" in told) == (mend == "Start it")


def test_a_pooler_that_is_said_and_refuses_more() -> None:
    told = unreachable(f"{URL}?pooler=session", "FATAL: unsupported startup parameter: options")
    assert told.startswith(f"The pooler at {PLACE} refuses what DATABASE_URL says: ")


def test_a_server_of_mongodb_that_takes_tls_only_does_not_say_so() -> None:
    told = unreachable("mongodb://db.example.com/app", "db.example.com:27017: connection closed")
    assert "takes TLS only" in told


@pytest.mark.parametrize(
    ("url", "said", "reason", "grant"),
    [
        (
            URL,
            "(psycopg.errors.InsufficientPrivilege) permission denied for schema public\nLINE 1: C",
            "permission denied for schema public",
            'GRANT ALL ON SCHEMA public TO "app";',
        ),
        (
            URL,
            "Unable to create the django_migrations table (permission denied for schema shop\nL",
            "permission denied for schema shop",
            'GRANT ALL ON SCHEMA shop TO "app";',
        ),
        (
            URL,
            "must be owner of relation predictions",
            "must be owner of relation predictions",
            'ALTER TABLE predictions OWNER TO "app";',
        ),
        (
            URL,
            'FATAL:  permission denied for database "app"\nDETAIL:  User does not have CONNECT',
            'permission denied for database "app"',
            'GRANT ALL ON DATABASE "app" TO "app";',
        ),
        (
            URL,
            "permission denied for table predictions",
            "permission denied for table predictions",
            'GRANT ALL ON ALL TABLES IN SCHEMA public TO "app"; '
            'GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO "app";',
        ),
        (
            "mysql://app:unsaid@db/shop?sslmode=require",
            """(1142, "CREATE command denied to user 'app'@'10.0.0.1' for table `shop`.`a`")""",
            "CREATE command denied to user 'app'@'10.0.0.1' for table `shop`.`a`",
            "GRANT ALL ON `shop`.* TO 'app'@'%';",
        ),
        (
            "mysql://app:unsaid@db/shop",
            "Access denied for user 'app'@'%' to database 'shop'",
            "Access denied for user 'app'@'%' to database 'shop'",
            "GRANT ALL ON `shop`.* TO 'app'@'%';",
        ),
        (
            "mongodb://app:unsaid@db/shop?authSource=admin",
            'not authorized on shop to execute command { createIndexes: "predictions" }',
            "not authorized on shop to execute command",
            'db.grantRolesToUser("app", [{ role: "readWrite", db: "shop" }])',
        ),
        (
            "mssql://app:unsaid@db/shop",
            "CREATE TABLE permission denied in database 'shop'.",
            "CREATE TABLE permission denied in database 'shop'",
            "ALTER ROLE db_owner ADD MEMBER [app];",
        ),
    ],
)
def test_what_its_user_may_not_do(url: str, said: str, reason: str, grant: str) -> None:
    told = denied(url, said)
    assert told == unreachable(url, said)
    assert told == denied(url, told or "")
    assert told
    assert told.endswith(
        f" does not let its user do that: {reason}. Let an administrator run there: {grant}"
    )
    assert "unsaid" not in told


def test_what_is_no_matter_of_rights() -> None:
    assert denied(URL, "connection refused") is None
    assert denied(URL, "Access denied for user 'app'@'10.0.0.1' (using password: YES)") is None

"""What is told of a database that cannot be used: what is wrong, and what mends that."""

import pytest
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

"""What is said of a database that cannot be used, by what its driver says."""

import re
import socket
from urllib.parse import urlsplit

from .database_options import pooler_of, tls_of
from .database_url import CONNECT_TIMEOUT, location, mend
from .denied import denied
from .log import LogUnavailable, PredictionLog

ANOTHER_AUTHORITY = "The authority in sslrootcert has not signed it; name the one that has."
VERIFIED = "sslmode=verify-full&sslrootcert=/path/ca.pem"
# Words of the drivers, what is said of the database then, and the mend.
KNOWN = [
    (
        "^Authentication failed|[Pp]assword is required|requires authentication",  # as MongoDB does
        "refuses the user or the password",
        "Correct them in DATABASE_URL, and add authSource=admin if the user is of that database; "
        "or set them on the server.",
    ),
    (
        "authentication failed|no password supplied|Access denied for user|Login failed for user"
        "|role .* does not exist|no such user",
        "refuses the user or the password",
        "Correct them in DATABASE_URL, with %40 for @, %2F for / and %23 for # in a password; or "
        "set them on the server.",
    ),
    (
        "database .* does not exist|no such database|Unknown database|Cannot open database",
        "does not exist",
        "Create it on the server, or correct its name in DATABASE_URL.",
    ),
    (
        "ame or service not known|ame resolution|odename nor servname|getaddrinfo failed"
        "|No address associated|resolve host|DNS query name",
        "is at a host whose name is not known",
        "Correct it in DATABASE_URL.",
    ),
    (
        r"no pg_hba.conf entry(?!.*no encryption)|is not allowed to connect",
        "lets nobody in from here",
        "Let the server take connections of this user from this host, such as by pg_hba.conf.",
    ),
    (
        "too many (clients|connections)|connection slots",
        "has no connection left",
        "Let the server have more, or start fewer workers.",
    ),
    (
        "database system is (starting up|shutting down|in recovery|not yet accepting)",
        "is not ready",
        "Wait until it is, and try again.",
    ),
    (
        "unsupported startup parameter",
        "is behind a pooler, which DATABASE_URL does not say",
        "Add pooler=transaction to it, or pooler=session where its pool_mode is session, such as: "
        "postgresql://user:password@db.example.com:6432/app?pooler=transaction",
    ),
    (
        "certificate has expired|certificate is not yet valid",
        "has a certificate that is refused",
        "Renew it on the server.",
    ),
    (
        "ostname mismatch|address mismatch|does not match host name|is not valid for",
        "has a certificate that is refused",
        "Name the host in DATABASE_URL as the certificate does; or say sslmode=verify-ca, by which "
        "only the authority counts.",
    ),
    (
        "certificate verify failed|self.signed certificate",
        "has a certificate that is refused",
        ANOTHER_AUTHORITY,
    ),
    (
        r"does not support SSL|doesn't support it|wrong version number|EOF( occurred| while|\))",
        "does not take TLS",
        "Turn TLS on in the server, or leave it out of DATABASE_URL.",
    ),
    (
        "no encryption$|SSL off|insecure transport|SSL connection is required",
        "takes TLS only",
        f"Add {VERIFIED} to DATABASE_URL, or sslmode=require, which verifies nothing.",
    ),
    (
        "connection closed$",  # as MongoDB does, without a word
        "closes connections, as one does that takes TLS only",
        f"Add {VERIFIED} to DATABASE_URL if it does; else look at what the server says.",
    ),
    (
        "certificate required|handshake failure|requires a valid client certificate",
        "asks for a certificate of the service",
        "Add sslcert=/path/service.pem&sslkey=/path/service.key to DATABASE_URL.",
    ),
    (
        r"\b(SSL|TLS)\b(?! SYSCALL)|certificate|private key",
        "cannot be spoken to by TLS",
        "Correct what DATABASE_URL says of it, or the server.",
    ),
    (
        r"(bad|invalid) (\w+ )?value",
        "cannot be asked as DATABASE_URL says",
        "Correct that there.",
    ),
]


def unreachable(url: str, reason: str) -> str:
    """Why the database of a checked URL cannot be used, where it is and what to do, in a line."""
    place = location(url)
    if told := denied(url, reason):
        return told
    if url.startswith("postgresql:") and reason.endswith("certificate verify failed"):
        reason = f"{reason}: {_verify_message(url)}".removesuffix(": ")
    if pooler_of(url) and "unsupported startup parameter" in reason:
        how = "Leave options out of DATABASE_URL, or let the pooler take them."
        return f"The pooler at {place} refuses what DATABASE_URL says: {reason}. {how}"
    for words, what, how in KNOWN:
        if re.search(words, reason):
            return f"The database at {place} {what}: {reason}. {how}"
    return f"The database cannot be reached at {place}: {reason}. {mend(url)}"


def unwritable(url: str, log: PredictionLog) -> str | None:
    """Why the log in the database of a checked URL takes nothing, and what to do; None if it does.

    It leaves nothing there that anybody sees.
    """
    try:
        log.try_write()
    except LogUnavailable as error:
        stored = f"The database at {location(url)} stores nothing: {error}. Mend that there."
        return denied(url, str(error)) or stored
    return None


def _verify_message(url: str) -> str:
    """What is wrong with the certificate of a PostgreSQL server; its driver does not say."""
    import ssl

    context = ssl.create_default_context(cafile=tls_of(url).authority)
    context.check_hostname = False
    try:
        address = urlsplit(url)
        at = (address.hostname or "localhost", address.port or 5432)
        with socket.create_connection(at, CONNECT_TIMEOUT) as plain:
            plain.sendall(bytes.fromhex("0000000804d2162f"))  # the request for TLS
            if plain.recv(1) == b"S":
                context.wrap_socket(plain).close()
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    except (OSError, ValueError):
        pass
    return ""

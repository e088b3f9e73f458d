"""What is said of a database that cannot be used, by what its driver says."""

import re
import socket
from urllib.parse import urlsplit

from .database_options import pooler_of, tls_of
from .database_url import CONNECT_TIMEOUT, location, mend

ANOTHER_AUTHORITY = "The authority in sslrootcert has not signed it; name the one that has."
VERIFIED = "sslmode=verify-full&sslrootcert=/path/ca.pem"
# Words of the drivers, what is said of the database then, and the mend.
KNOWN = [
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
]


def unreachable(url: str, reason: str) -> str:
    """Why the database of a checked URL cannot be used, where it is and what to do, in a line."""
    place = location(url)
    if url.startswith("postgresql:") and reason.endswith("certificate verify failed"):
        reason = f"{reason}: {_verify_message(url)}".removesuffix(": ")
    if pooler_of(url) and "unsupported startup parameter" in reason:
        how = "Leave options out of DATABASE_URL, or let the pooler take them."
        return f"The pooler at {place} refuses what DATABASE_URL says: {reason}. {how}"
    for words, what, how in KNOWN:
        if re.search(words, reason):
            return f"The database at {place} {what}: {reason}. {how}"
    return f"The database cannot be reached at {place}: {reason}. {mend(url)}"


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

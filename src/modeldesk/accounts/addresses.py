"""Addresses of accounts: which may have one, and the one spelling that each is kept under."""

import re
from contextlib import suppress
from unicodedata import normalize

import idna

LONGEST = 255  # characters
NO_ADDRESS = "Enter an email address such as ada@example.com."
# RFC 5322's dot-atom, with the letters of RFC 6531.
_LOCAL = re.compile(r"""[^\s"(),:;<>@\[\\\].]+(\.[^\s"(),:;<>@\[\\\].]+)*""")


def spelled(typed: str) -> str:
    """The spelling that accounts are kept, found and locked by, of whatever is typed.

    Small letters, composed; the domain as people read it, whether in full width or as xn--.
    """
    local, at, domain = normalize("NFC", typed.strip()).rpartition("@")
    return normalize("NFC", f"{local.lower()}{at}{_spelled_domain(domain)}")


def address(typed: str) -> str:
    """The spelling of an address that may have an account. Raises ValueError for others.

    Names that only a network of one's own knows (`.local`, `.test`, localhost) are as good as any:
    a mail shows whether an address is somebody's.
    """
    found = spelled(typed)
    local, _, domain = found.rpartition("@")
    if len(found) > LONGEST or not (_LOCAL.fullmatch(local) and local.isprintable()):
        raise ValueError(NO_ADDRESS)
    if "." not in domain and domain != "localhost":
        raise ValueError(NO_ADDRESS)
    try:
        idna.encode(domain)
    except idna.IDNAError:
        raise ValueError(NO_ADDRESS) from None
    return found


def _spelled_domain(domain: str) -> str:
    domain = domain.removesuffix(".").lower() if domain.isascii() else domain
    if len(domain) <= LONGEST and not (domain.isascii() and "xn--" not in domain):
        with suppress(idna.IDNAError):
            return idna.decode(idna.uts46_remap(domain, std3_rules=False)).removesuffix(".")
    return domain.lower()

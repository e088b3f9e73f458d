"""ALLOWED_HOSTS: the hosts that a service answers for, as callers name them."""

import re
from ipaddress import IPv6Address
from urllib.parse import urlsplit

HOST = re.compile(r"\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\]|\*")
LIKE = "a host such as predict.example.com"
PORT = re.compile(r":\d+$")


def hosts(text: str) -> list[str]:
    """The hosts of a list with commas, in small letters and ASCII, as browsers send them.

    `.example.com` is that host and all below it, and `*` is any. Ports do not count.

    Raises:
        ValueError: one is no host, or there is none; the message says what it should be.
    """
    found = [_host(name) for part in text.split(",") if (name := part.strip())]
    if not found:
        raise ValueError(f"should name {LIKE}")
    return found


def _host(name: str) -> str:
    found = name.lower()
    try:
        return f"[{IPv6Address(found.strip('[]'))}]"
    except ValueError:
        pass
    found = PORT.sub("", found)
    try:
        dot = "." if found.startswith(".") else ""
        found = dot + found.removeprefix(".").encode("idna").decode()
    except UnicodeError:
        raise ValueError(_fault(name)) from None
    if not HOST.fullmatch(found):
        raise ValueError(_fault(name))
    return found


def _fault(name: str) -> str:
    if name.startswith("*."):
        return f"{name} should be {name[1:]}, which is all hosts below {name[2:]}, and itself"
    address = name if "//" in name else f"//{name}"
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        host = ""
    like = host if HOST.fullmatch(host) else LIKE
    return f"{name} should be {like}"

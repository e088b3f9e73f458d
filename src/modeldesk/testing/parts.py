"""The parts that a service may have, and how it shows them to somebody without an account."""

import httpx

ADDRESSES = {  # that are there with the part, and without it answer 404
    "auth": ["/accounts/register", "/accounts/reset", "/accounts/tokens"],
    "admin": ["/admin/", "/admin/monitor"],
    "forms": ["/predictions/", "/row", "/rows", "/model"],
}
OF_ACCOUNTS = ["/accounts/login", "/accounts/password"]  # which auth and admin both need
NEED_ACCOUNTS = frozenset({"auth", "admin"})

Parts = frozenset[str]


def is_there(url: str, path: str) -> bool:
    """Whether the service at `url` has a page at `path`, for whomever it may be."""
    return httpx.get(f"{url}{path}", timeout=60).status_code != 404


def found_parts(url: str) -> Parts:
    """The parts of the service at `url`, each of which is found by the first of its addresses."""
    return frozenset(part for part, (first, *_) in ADDRESSES.items() if is_there(url, first))

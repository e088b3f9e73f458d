"""The parts of the service: each is whole or not there at all, and those are that it was made with.

Tests of a part that nobody stated are left out where it does not show; this keeps one that was
stated from vanishing unseen.
"""

import httpx
import pytest

from ..page import Page
from ..parts import ADDRESSES, OF_ACCOUNTS
from ..service import Service
from .asking import NewBrowser
from .client import Document


@pytest.mark.parametrize("part", ADDRESSES)
def test_a_part_is_whole_or_not_there(
    service: Service, new_stranger: NewBrowser, part: str
) -> None:
    for path in ADDRESSES[part]:
        check(new_stranger().get(path), part in service.parts)


def test_accounts_are_there_for_what_needs_them(service: Service, new_stranger: NewBrowser) -> None:
    for path in OF_ACCOUNTS:
        check(new_stranger().get(path), service.has_accounts)


def check(response: httpx.Response, there: bool) -> None:
    """Fail unless an address is there, or is answered as any that is not."""
    assert (response.status_code != 404) is there, response.url.path
    if not there:
        assert not Page(response.text).all("script")


def test_the_api_asks_for_a_token(service: Service, document: Document) -> None:
    assert ("securitySchemes" in document["components"]) is ("auth" in service.parts)

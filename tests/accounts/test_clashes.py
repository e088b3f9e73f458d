"""Accounts and tokens of a file that cannot be beside those that are here."""

from typing import Any

import pytest
from modeldesk.accounts.clashes import check_accounts, check_tokens
from modeldesk.accounts.lines import AccountLine, TokenLine
from modeldesk.serving.transfer import BadRecord

ROLES = ("analyst", "admin")


def account(id: str, email: str, *roles: str) -> AccountLine:
    return AccountLine.model_construct(id=id, email=email, roles=list(roles))


def token(id: str, user_id: str, digest: str) -> TokenLine:
    return TokenLine.model_construct(id=id, user_id=user_id, digest=digest)


def test_accounts_that_fit() -> None:
    owners = {"a@example.com": "1"}
    given = [account("1", "a@example.com", "admin"), account("2", "b@example.com", *ROLES)]
    check_accounts([], owners, ROLES)
    check_accounts(given, owners, ROLES)
    assert owners == {"a@example.com": "1"}


@pytest.mark.parametrize(
    ("given", "index", "says"),
    [
        (
            [account("2", "b@example.com"), account("3", "a@example.com")],
            1,
            "The account 1 has the address a@example.com already.",
        ),
        (
            [account("2", "b@example.com"), account("3", "b@example.com")],
            1,
            "The account 2 has the address b@example.com already.",
        ),
        (
            [account("2", "b@example.com", "admin", "boss", "chief")],
            0,
            "It has the role boss, and the roles here are analyst, admin.",
        ),
        (
            [account("2", "b@example.com", "admin"), account("3", "c@example.com", "Admin")],
            1,
            "It has the role Admin, and the roles here are analyst, admin.",
        ),
    ],
)
def test_accounts_that_clash(given: Any, index: int, says: str) -> None:
    with pytest.raises(BadRecord) as caught:
        check_accounts(given, {"a@example.com": "1"}, ROLES)
    assert (str(caught.value), caught.value.index) == (says, index)


def test_tokens_that_fit() -> None:
    check_tokens([token("t", "1", "d"), token("u", "1", "e")], {"d": "t"}, {"1"})


@pytest.mark.parametrize(
    ("given", "index", "says"),
    [
        ([token("t", "1", "d"), token("u", "2", "e")], 1, "There is no account 2."),
        ([token("u", "1", "d")], 0, "The token t has the same digest."),
        ([token("u", "1", "e"), token("v", "1", "e")], 1, "The token u has the same digest."),
    ],
)
def test_tokens_that_clash(given: Any, index: int, says: str) -> None:
    with pytest.raises(BadRecord) as caught:
        check_tokens(given, {"d": "t"}, {"1"})
    assert (str(caught.value), caught.value.index) == (says, index)

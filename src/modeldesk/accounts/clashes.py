"""What keeps an account or a token of a file from being imported."""

from collections.abc import Collection, Mapping, Sequence

from ..serving.transfer import BadRecord
from .lines import AccountLine, TokenLine


def check_accounts(
    accounts: Sequence[AccountLine], owners: Mapping[str, str], roles: Collection[str]
) -> None:
    """Raise BadRecord for an address that another account has, or a role that is none of `roles`.

    `owners` are ids of accounts by address.
    """
    known = dict(owners)
    for index, account in enumerate(accounts):
        if unknown := [role for role in account.roles if role not in roles]:
            known_here = ", ".join(roles)
            reason = f"It has the role {unknown[0]}, and the roles here are {known_here}."
            raise BadRecord(index, reason)
        if (owner := known.setdefault(account.email, account.id)) != account.id:
            raise BadRecord(index, f"The account {owner} has the address {account.email} already.")


def check_tokens(
    tokens: Sequence[TokenLine], owners: Mapping[str, str], accounts: Collection[str]
) -> None:
    """Raise BadRecord for a token of no account, or with the digest of another.

    `owners` are ids of tokens by digest, `accounts` the ids of accounts.
    """
    known = dict(owners)
    for index, token in enumerate(tokens):
        if token.user_id not in accounts:
            raise BadRecord(index, f"There is no account {token.user_id}.")
        if (owner := known.setdefault(token.digest, token.id)) != token.id:
            raise BadRecord(index, f"The token {owner} has the same digest.")

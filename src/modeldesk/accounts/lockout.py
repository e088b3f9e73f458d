"""Lock-out after wrong passwords, counted in the database so that all workers know."""

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Protocol

from ..serving.answers import Problem
from .addresses import spelled

LOCKED = timedelta(minutes=15)
BY_BOTH, BY_EMAIL, BY_ADDRESS = 5, 50, 100  # attempts


class LockedOut(Problem):
    """Too many wrong passwords; the message says when to try again."""

    def __init__(self, left: timedelta) -> None:
        minutes = math.ceil(left / timedelta(minutes=1))
        wait = f"{minutes} minutes" if minutes > 1 else "a minute"
        seconds = str(math.ceil(left.total_seconds()))
        super().__init__(
            429, f"Too many attempts. Try again in {wait}.", headers={"Retry-After": seconds}
        )


class Attempts(Protocol):
    """Counters by key, each forgotten at a moment of its own."""

    def take(self, key: str, limit: int, now: datetime, until: datetime) -> bool:
        """Count one more, unless that would be more than `limit`; false when it would.

        In one step, so that of many at once no more than `limit` are let through. A counter that
        was to be forgotten before `now` begins anew; `until` is when this one will be.
        """

    def give_back(self, key: str) -> None:
        """Count one less."""

    def ends(self, keys: Sequence[str]) -> Iterable[datetime]:
        """When these are forgotten."""

    def forget(self, keys: Sequence[str]) -> None:
        """Remove these, and whatever was to be forgotten."""


def begin(attempts: Attempts, email: str, address: str) -> None:
    """Count an attempt, before its password is looked at: many at once gain nothing.

    `address` is the network address it comes from. Raises LockedOut, also for addresses that have
    no account.
    """
    now = datetime.now(UTC)
    taken: list[str] = []
    for key, limit in _limits(email, address):
        if not attempts.take(key, limit, now, now + LOCKED):
            for one in taken:
                attempts.give_back(one)
            raise LockedOut(max(attempts.ends([key]), default=now + LOCKED) - now)
        taken.append(key)


def succeed(attempts: Attempts, email: str, address: str) -> None:
    """Take back what `begin` counted: the password was right."""
    both, by_email, by_address = (key for key, _ in _limits(email, address))
    attempts.forget([both, by_email])
    attempts.give_back(by_address)


def _limits(email: str, address: str) -> Iterator[tuple[str, int]]:
    """Keys and limits; an address is counted by the spelling that its account is found by."""
    email = spelled(email)
    for kind, limit in (
        (f"both {email} {address}", BY_BOTH),
        (f"email {email}", BY_EMAIL),
        (f"address {address}", BY_ADDRESS),
    ):
        yield sha256(kind.encode()).hexdigest(), limit

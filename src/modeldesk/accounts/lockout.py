"""Lock-out after wrong passwords, counted in the database so that all workers know."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Protocol

from ..serving.answers import Problem

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

    def find(self, keys: Sequence[str]) -> Mapping[str, tuple[int, datetime]]:
        """The counts and when they are forgotten, of those that are there."""

    def add(self, key: str, by: int, now: datetime, until: datetime) -> None:
        """Add to a count in one step, or begin anew when it was to be forgotten before `now`.

        Raising a count moves its end to `until`; lowering it does not.
        """

    def forget(self, keys: Sequence[str]) -> None:
        """Remove these, and whatever was to be forgotten."""


def begin(attempts: Attempts, email: str, address: str) -> None:
    """Count an attempt, before its password is looked at: many at once gain nothing.

    `address` is the network address it comes from. Raises LockedOut, also for addresses that have
    no account.
    """
    now = datetime.now(UTC)
    limits = dict(_limits(email, address))
    counts = attempts.find(list(limits))
    ends = [until for key, (count, until) in counts.items() if count >= limits[key] and until > now]
    if ends:
        raise LockedOut(max(ends) - now)
    for key in limits:
        attempts.add(key, 1, now, now + LOCKED)


def succeed(attempts: Attempts, email: str, address: str) -> None:
    """Take back what `begin` counted: the password was right."""
    now = datetime.now(UTC)
    both, by_email, by_address = (key for key, _ in _limits(email, address))
    attempts.forget([both, by_email])
    attempts.add(by_address, -1, now, now)


def _limits(email: str, address: str) -> Iterator[tuple[str, int]]:
    email = email.strip().lower()
    for kind, limit in (
        (f"both {email} {address}", BY_BOTH),
        (f"email {email}", BY_EMAIL),
        (f"address {address}", BY_ADDRESS),
    ):
        yield sha256(kind.encode()).hexdigest(), limit

"""What is made of a token that was found."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from modeldesk.accounts.holders import Holder, identify
from modeldesk.accounts.tokens import USED_EVERY, digest
from modeldesk.serving.answers import Problem
from modeldesk.serving.callers import Caller, current_caller

NOW = datetime.now(UTC)
GOOD = Holder("t", None, NOW, "u", True, frozenset({"predictions.add_prediction"}))


class OneToken:
    """`Tokens` with one, `secret`."""

    def __init__(self, holder: Holder) -> None:
        self.holder, self.used = holder, list[str]()

    def find(self, digest_: str) -> Holder | None:
        return self.holder if digest_ == digest("secret") else None

    def mark_used(self, token: str) -> None:
        self.used.append(token)


@pytest.fixture(autouse=True)
def nobody() -> Iterator[None]:
    token = current_caller.set(None)
    yield
    current_caller.reset(token)


def test_who_has_a_token_is_the_caller() -> None:
    identify("Bearer secret", OneToken(GOOD))
    assert current_caller.get() == Caller("u", GOOD.permissions)


@pytest.mark.parametrize(
    ("authorization", "holder"),
    [
        ("Bearer other", GOOD),
        ("Basic secret", GOOD),
        ("", GOOD),
        ("Bearer secret", GOOD._replace(is_usable=False)),
        ("Bearer secret", GOOD._replace(expires_at=NOW)),
    ],
)
def test_a_token_that_is_not_good_is_refused(authorization: str, holder: Holder) -> None:
    tokens = OneToken(holder._replace(last_used_at=None))
    with pytest.raises(Problem) as refused:
        identify(authorization, tokens)
    assert refused.value.status == 401
    assert current_caller.get() is None
    assert not tokens.used


@pytest.mark.parametrize(
    ("last_used_at", "used"),
    [
        (None, ["t"]),
        (NOW - USED_EVERY - timedelta(seconds=1), ["t"]),
        (NOW + timedelta(hours=1), []),
    ],
)
def test_a_use_is_written_down_now_and_then(last_used_at: datetime, used: list[str]) -> None:
    tokens = OneToken(GOOD._replace(last_used_at=last_used_at))
    identify("Bearer secret", tokens)
    assert tokens.used == used

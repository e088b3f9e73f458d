"""API tokens: what is shown once, and what is kept of it."""

import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from ..serving.forms import moment

PREFIX = "api_"  # so that scanners for leaked secrets can tell one
USED_EVERY = timedelta(minutes=1)  # how exactly the last use is known
LIFETIMES = {"30": "30 days", "90": "90 days", "365": "One year", "": "No end"}  # by days


def new_secret() -> str:
    """A token, which its owner sees once."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is stored: a token is random and long, so nobody finds it from a fast hash."""
    return sha256(secret.encode()).hexdigest()


def bearer(authorization: str) -> str | None:
    """The token in an Authorization header, or None."""
    scheme, _, secret = authorization.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


def expires(days: str) -> datetime | None:
    """When a token of one of LIFETIMES, made now, ends."""
    return datetime.now(UTC) + timedelta(days=int(days)) if days else None


def is_alive(expires_at: datetime | None) -> bool:
    return expires_at is None or expires_at > datetime.now(UTC)


def is_used_anew(last_used_at: datetime | None) -> bool:
    """Whether it is time to write down the use again."""
    return last_used_at is None or last_used_at < datetime.now(UTC) - USED_EVERY


def shown(token: Any) -> dict[str, Any]:
    """A token of either framework, for accounts/tokens.html."""
    return {
        "name": token.name,
        "created": moment(token.created_at),
        "used": token.last_used_at and moment(token.last_used_at),
        "ends": token.expires_at and moment(token.expires_at),
        "over": not is_alive(token.expires_at),
        "revoke_url": f"/accounts/tokens/{token.id}/revoke",
    }

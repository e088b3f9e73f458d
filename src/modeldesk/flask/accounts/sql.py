"""Columns of the tables of accounts, for models of Flask-SQLAlchemy.

A project has the models `Role`, `User` and `LoginAttempt`, and `Token` where people sign up.
"""

from datetime import datetime
from typing import Any

import flask_security
from sqlalchemy import JSON, Column, ForeignKey, Table
from sqlalchemy.orm import Mapped, backref, declared_attr, mapped_column, relationship

from ...serving.log import new_id
from ...stores.types import UTCDateTime, bytewise
from .defaults import now
from .rules import AccountMixin


class RoleMixin(flask_security.RoleMixin):
    """A role and its permissions; `roles.py` has those that every service begins with."""

    __tablename__ = "roles"

    name: Mapped[str] = mapped_column(bytewise(80), primary_key=True)
    permissions: Mapped[list[str]] = mapped_column(JSON)

    def __str__(self) -> str:
        return self.name


class UserMixin(AccountMixin):
    """An account. Sessions name its `fs_uniquifier`, which changes with the password."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(  # type: ignore[assignment]
        bytewise(36), primary_key=True, default=new_id
    )
    email: Mapped[str] = mapped_column(bytewise(255), unique=True)
    name: Mapped[str] = mapped_column(
        bytewise(100), default="", info={"label": "Your name", "optional": True}
    )
    password: Mapped[str] = mapped_column(bytewise(255))
    active: Mapped[bool] = mapped_column(default=True)
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    last_login_at: Mapped[datetime | None] = mapped_column(  # type: ignore[assignment]
        UTCDateTime
    )
    fs_uniquifier: Mapped[str] = mapped_column(bytewise(64), unique=True)

    @declared_attr
    def roles(cls: Any) -> Mapped[list[Any]]:
        users_roles = Table(
            "users_roles",
            cls.metadata,
            Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
            Column("role", ForeignKey("roles.name", ondelete="CASCADE"), primary_key=True),
        )
        return relationship("Role", secondary=users_roles, lazy="selectin")

    @property
    def is_usable(self) -> bool:
        """Whether it may log in, and its tokens be used."""
        return self.active and self.confirmed_at is not None

    def __str__(self) -> str:
        return self.name or self.email


class TokenMixin:
    """An API token, of which only a digest is kept. Accounts have theirs as `tokens`."""

    __tablename__ = "tokens"

    id: Mapped[str] = mapped_column(bytewise(36), primary_key=True, default=new_id)
    digest: Mapped[str] = mapped_column(bytewise(64), unique=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(bytewise(100), info={"label": "What it is for"})
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    @declared_attr
    def user(cls: Any) -> Mapped[Any]:
        return relationship("User", backref=backref("tokens", cascade="all, delete-orphan"))

    def __str__(self) -> str:
        return self.name


class LoginAttemptMixin:
    """A counter of wrong passwords; `lockout.py` of the library says what its key stands for."""

    __tablename__ = "login_attempts"

    key: Mapped[str] = mapped_column(bytewise(64), primary_key=True)
    count: Mapped[int]
    until: Mapped[datetime] = mapped_column(UTCDateTime)

"""Abstract documents of accounts, for MongoEngine.

A project has the documents `Role`, `User` and `LoginAttempt`, and `Token` where people sign up.
"""

from typing import Any, ClassVar

import flask_security
from mongoengine import BooleanField, Document, IntField, ListField, ReferenceField, StringField

from ...serving.log import new_id
from ...stores.mongo_fields import MomentField
from .current import get_accounts
from .defaults import now
from .rules import AccountMixin


class RoleDocument(Document, flask_security.RoleMixin):
    """A role and its permissions; `roles.py` has those that every service begins with."""

    name = StringField(primary_key=True, max_length=80)
    permissions = ListField(StringField())

    meta: ClassVar = {"abstract": True, "collection": "roles", "auto_create_index": False}

    def __str__(self) -> str:
        return str(self.name)


class UserDocument(Document, AccountMixin):
    """An account. Sessions name its `fs_uniquifier`, which changes with the password."""

    id = StringField(primary_key=True, default=new_id)
    email = StringField(required=True, max_length=255)
    name = StringField(default="", max_length=100)
    password = StringField(max_length=255)
    active = BooleanField(default=True)
    confirmed_at = MomentField()
    created_at = MomentField(default=now)
    last_login_at: Any = MomentField()
    fs_uniquifier = StringField(required=True, max_length=64)
    roles = ListField(ReferenceField("Role"))

    meta: ClassVar = {
        "abstract": True,
        "collection": "users",
        "auto_create_index": False,
        "indexes": [
            {"fields": [name], "name": f"ix_users_{name}", "unique": True}
            for name in ("email", "fs_uniquifier")
        ],
    }

    @property
    def tokens(self) -> list[Any]:
        """Those that it has made."""
        return list(get_accounts().token_class.objects(user=self))

    @property
    def is_usable(self) -> bool:
        """Whether it may log in, and its tokens be used."""
        return bool(self.active and self.confirmed_at is not None)

    def __str__(self) -> str:
        return str(self.name or self.email)


class TokenDocument(Document):
    """An API token, of which only a digest is kept; a project adds whose it is, as `user`."""

    id = StringField(primary_key=True, default=new_id)
    digest = StringField(required=True, max_length=64)
    name = StringField(required=True, max_length=100)
    created_at = MomentField(default=now)
    expires_at = MomentField()
    last_used_at: Any = MomentField()

    meta: ClassVar = {
        "abstract": True,
        "collection": "tokens",
        "auto_create_index": False,
        "indexes": [
            {"fields": ["digest"], "name": "ix_tokens_digest", "unique": True},
            {"fields": ["user"], "name": "ix_tokens_user"},
        ],
    }

    def __str__(self) -> str:
        return str(self.name)


class LoginAttemptDocument(Document):
    """A counter of wrong passwords; `lockout.py` of the library says what its key stands for."""

    key = StringField(primary_key=True)
    count = IntField(required=True)
    until = MomentField(required=True)

    meta: ClassVar = {
        "abstract": True,
        "collection": "login_attempts",
        "auto_create_index": False,
        "indexes": [{"fields": ["until"], "name": "ix_login_attempts_until"}],
    }

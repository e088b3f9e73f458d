"""Bases of the tables of accounts, which a project has under the label `accounts`."""

from collections.abc import Sequence
from typing import Any

import uuid_utils
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.validators import validate_email
from django.db import models
from django.utils import timezone

from ..fields import ExactCharField, ExactDateTimeField


def new_id() -> str:
    """An identifier that sorts by time of creation (UUID version 7)."""
    return str(uuid_utils.uuid7())


class UserManager(BaseUserManager[Any]):
    """Finds accounts by address, which is kept in small letters."""

    def get_by_natural_key(self, username: str | None) -> Any:
        return self.get(email=(username or "").strip().lower())

    def create_superuser(self, email: str, password: str, **fields: Any) -> Any:
        """For Django's own command; `create-admin` needs no superuser."""
        user = self.model(
            email=email.lower(), is_superuser=True, confirmed_at=timezone.now(), **fields
        )
        user.set_password(password)
        user.save()
        return user


class AbstractUser(AbstractBaseUser, PermissionsMixin):
    """An account, which is of use once its address is confirmed."""

    id = ExactCharField(primary_key=True, max_length=36, default=new_id, editable=False)
    email = ExactCharField(max_length=255, unique=True, validators=[validate_email])
    name = ExactCharField("your name", max_length=100, blank=True)
    is_active = models.BooleanField(default=True)
    confirmed_at = ExactDateTimeField(null=True, editable=False)
    created_at = ExactDateTimeField(default=timezone.now, editable=False)
    last_login = ExactDateTimeField("last login", null=True, editable=False)

    objects = UserManager()

    PROFILE_FIELDS: Sequence[str] = ("name",)  # what people may change of their own
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def is_usable(self) -> bool:
        """Whether it may log in, and its tokens be used."""
        return self.is_active and self.confirmed_at is not None


class AbstractToken(models.Model):
    """An API token, of which only a digest is kept."""

    id = ExactCharField(primary_key=True, max_length=36, default=new_id, editable=False)
    digest = ExactCharField(max_length=64, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="tokens", editable=False
    )
    name = ExactCharField("what it is for", max_length=100)
    created_at = ExactDateTimeField(default=timezone.now, editable=False)
    expires_at = ExactDateTimeField(null=True, editable=False)
    last_used_at = ExactDateTimeField(null=True, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class AbstractLoginAttempt(models.Model):
    """A counter of wrong passwords; `modeldesk.accounts.lockout` says what its key stands for."""

    key = ExactCharField(primary_key=True, max_length=64)
    count = models.IntegerField()
    until = ExactDateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.key

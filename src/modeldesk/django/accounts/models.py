"""Bases of the tables of accounts, which a project has under the label `accounts`."""

from collections.abc import Collection, Sequence
from typing import Any

import uuid_utils
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.utils import timezone

from ...accounts.addresses import address, spelled
from ...accounts.passwords import normalized, spellings
from ..fields import ExactCharField, ExactDateTimeField


def new_id() -> str:
    """An identifier that sorts by time of creation (UUID version 7)."""
    return str(uuid_utils.uuid7())


class UserManager(BaseUserManager[Any]):
    """Finds accounts by address, however it is typed."""

    def find(self, typed: str) -> Any:
        """The account with this address, or None.

        Release 0.1 kept addresses as they were typed, but for capitals.
        """
        wanted = spelled(typed)
        there = {
            user.email: user for user in self.filter(email__in={wanted, typed.strip().lower()})
        }
        return there.get(wanted) or next(iter(there.values()), None)

    def get_by_natural_key(self, username: str | None) -> Any:
        if user := self.find(username or ""):
            return user
        raise self.model.DoesNotExist

    def create_superuser(self, email: str, password: str, **fields: Any) -> Any:
        """For Django's own command; `create-admin` needs no superuser."""
        user = self.model(
            email=spelled(email), is_superuser=True, confirmed_at=timezone.now(), **fields
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

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """Addresses by the rule of the library, in place of the validator, which takes fewer."""
        super().clean_fields({*(exclude or ()), "email"})
        if "email" not in (exclude or ()):
            try:
                self.email = address(self.email)
            except ValueError as error:
                raise ValidationError({"email": str(error)}) from None

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(raw_password and normalized(raw_password))

    def check_password(self, raw_password: str) -> bool:
        return any(super(AbstractUser, self).check_password(one) for one in spellings(raw_password))

    def end_tokens(self) -> None:
        """As after a new password: somebody else may have known the old one, and made some."""
        if tokens := getattr(self, "tokens", None):
            tokens.all().delete()

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

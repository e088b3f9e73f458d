"""Who may log in, and with what."""

from typing import Any

from django.contrib.auth import authenticate
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from ...accounts.lockout import begin, succeed
from .attempts import DatabaseAttempts
from .models import AbstractUser
from .project import user_model


class EmailBackend(ModelBackend):
    """Django's own, by address and password, for accounts whose address is confirmed."""

    def authenticate(
        self, request: HttpRequest | None, email: str = "", password: str = "", **_: Any
    ) -> AbstractUser | None:
        # Without an account the password of none is looked at, which takes as long.
        user = user_model().objects.find(email) or user_model()()
        return user if user.check_password(password) and user.is_usable else None

    def user_can_authenticate(self, user: Any) -> bool:
        return user is not None and user.is_usable


def authenticated(request: HttpRequest, email: str, password: str) -> AbstractUser | None:
    """The account with this address and password. Raises LockedOut after many wrong ones."""
    attempts, address = DatabaseAttempts(), request.META.get("REMOTE_ADDR", "")
    begin(attempts, email, address)
    user = authenticate(request, email=email, password=password)
    if isinstance(user, AbstractUser):
        succeed(attempts, email, address)
        return user
    return None

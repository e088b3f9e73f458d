"""Who may log in."""

from typing import Any

from django.contrib.auth.backends import ModelBackend


class EmailBackend(ModelBackend):
    """Django's own, by address and password, for accounts whose address is confirmed."""

    def user_can_authenticate(self, user: Any) -> bool:
        return user is not None and user.is_usable

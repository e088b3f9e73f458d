"""What passwords may be, as Django asks for it."""

from typing import Any

from django.core.exceptions import ValidationError

from ...accounts import passwords


class PasswordValidator:
    """By the rule of the library."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError."""
        email = getattr(user, "email", "")
        if faults := passwords.faults(passwords.normalized(password), email):
            raise ValidationError(faults)

    def get_help_text(self) -> str:
        return passwords.SHORT

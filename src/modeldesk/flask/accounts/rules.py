"""What addresses and passwords may be."""

from typing import Any

import flask_security

LONGEST = 200  # characters of a password; hashing takes no more than 4096 once they are taken apart


class Addresses(flask_security.MailUtil):
    """Addresses in small letters, so that one that is typed otherwise is the same."""

    def normalize(self, email: str) -> str:
        return super().normalize(email).lower()

    def validate(self, email: str) -> str:
        return super().validate(email).lower()


class PasswordUtil(flask_security.PasswordUtil):
    """Passwords of a length that can be hashed."""

    def validate(
        self, password: str, is_register: bool, **kwargs: Any
    ) -> tuple[list[str] | None, str]:
        if len(password) > LONGEST:
            return [f"Password must have at most {LONGEST} characters"], password
        return super().validate(password, is_register, **kwargs)

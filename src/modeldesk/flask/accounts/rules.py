"""What addresses and passwords may be, as Flask-Security asks for it."""

from typing import Any

import flask_security
from flask_security import EmailValidateException, verify_password

from ...accounts import passwords
from ...accounts.addresses import address, spelled


class Addresses(flask_security.MailUtil):
    """Addresses by the rule of the library."""

    def normalize(self, email: str) -> str:
        """The spelling that an account is looked for by; any that was imported can be found."""
        return spelled(email)

    def validate(self, email: str) -> str:
        try:
            return address(email)
        except ValueError as error:
            raise EmailValidateException(str(error)) from None


class PasswordUtil(flask_security.PasswordUtil):
    """Passwords by the rule of the library."""

    def normalize(self, password: str) -> str:
        """As it was typed: `verified` tries the spellings that may have been hashed."""
        return password

    def validate(
        self, password: str, is_register: bool, **kwargs: Any
    ) -> tuple[list[str] | None, str]:
        user = kwargs.get("user")
        email = user.email if user else kwargs.get("email")
        wanted = passwords.normalized(password)
        return passwords.faults(wanted, email or "") or None, wanted


class AccountMixin(flask_security.UserMixin):
    """Flask-Security's account, which takes a password in any spelling that it was set in."""

    def verify_and_update_password(self, password: str) -> bool:
        return verified(password, self.password) is not None


def verified(typed: str, hashed: str | None) -> str | None:
    """The spelling of what is typed that has this hash, or None."""
    if not hashed:
        return None
    found = passwords.spellings(typed)
    return next((spelling for spelling in found if verify_password(spelling, hashed)), None)

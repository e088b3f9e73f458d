"""Forms of accounts."""

import re
from typing import Any

import flask_security
from flask import request
from flask_security import current_user, hash_password
from flask_security.forms import IsString, password_required
from flask_security.utils import validate_redirect_url
from flask_wtf import FlaskForm
from wtforms import Field, PasswordField, SelectField, StringField
from wtforms.validators import DataRequired, Length, ValidationError

from ...accounts import content
from ...accounts.addresses import address
from ...accounts.lockout import begin, succeed
from ...accounts.passwords import spellings
from ...accounts.tokens import LIFETIMES
from ..state import get_settings
from .current import get_accounts
from .rules import verified

CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class LoginForm(flask_security.LoginForm):
    """Flask-Security's log-in, which counts wrong passwords; a refusal tells nothing else."""

    user: Any
    remember = None  # type: ignore[assignment]
    # Flask-Security's own would come before the address.
    password = PasswordField(
        "Password", [IsString(), password_required], render_kw={"autocomplete": "current-password"}
    )

    def validate_next(self, field: Field) -> None:
        """An address elsewhere is not gone to, and is no fault of who logs in."""
        if not validate_redirect_url(field.data):
            field.data = ""

    def validate_password(self, field: Field) -> None:
        if not spellings(field.data or ""):
            raise ValidationError(content.REFUSED if get_settings().auth else content.STAFF_REFUSED)

    def validate(self, **kwargs: Any) -> bool:
        attempts, place = get_accounts().attempts(), request.remote_addr or ""
        begin(attempts, self.email.data or "", place)
        valid: bool = super().validate(**kwargs)
        if valid and not self.user.is_usable:  # which Flask-Security asks only where it sends mails
            self.email.errors = [content.REFUSED]
            valid = False
        if valid:
            succeed(attempts, self.email.data or "", place)
        elif self.user is None or not self.user.password:
            for spelling in spellings(self.password.data or "")[1:]:
                hash_password(spelling)  # as slow as for an account
        return valid


class OwnPassword:
    """Asks for the password, to be sure that it is the owner who is there."""

    def validate_password(self, field: Field) -> None:
        """Wrong ones are counted as those of the log-in."""
        if not field.data:
            raise ValidationError(content.YOURS)
        attempts, place = get_accounts().attempts(), request.remote_addr or ""
        begin(attempts, current_user.email, place)
        spelling = verified(field.data, current_user.password)
        if spelling is None:
            raise ValidationError("This is not your password.")
        field.data = spelling  # which Flask-Security's form looks at once more
        succeed(attempts, current_user.email, place)


class ChangePasswordForm(OwnPassword, flask_security.ChangePasswordForm):
    """Flask-Security's change of the password."""


class AddressForm(FlaskForm):
    """Tells of what is no address, which Flask-Security answers as if a mail were on its way."""

    email: Any

    def validate(self, **kwargs: Any) -> bool:
        valid: bool = super().validate(**kwargs)
        try:
            address(self.email.data or "")
        except ValueError as error:
            self.form_errors = [str(error)]
            return False
        return valid


class SendConfirmationForm(AddressForm, flask_security.SendConfirmationForm):
    """Flask-Security's request for the mail that confirms."""


class ForgotPasswordForm(AddressForm, flask_security.ForgotPasswordForm):
    """Flask-Security's request for a new password, as slow as for an address without account.

    It is good for who is not confirmed, too: whoever has the mail is.
    """

    def validate(self, **kwargs: Any) -> bool:
        valid: bool = super().validate(**kwargs) or self.requires_confirmation
        if valid:
            self.email.errors = []
            hash_password("")
        return valid


class NameFields:
    """What a form with a name checks."""

    def validate_name(self, field: Field) -> None:
        if CONTROL.search(field.data or ""):
            raise ValidationError("Control characters cannot be kept.")


class TokenForm(NameFields, FlaskForm):
    """A new token."""

    name = StringField("What it is for", [DataRequired(), Length(max=100)])
    lifetime = SelectField("Ends after", choices=list(LIFETIMES.items()), default="90")


class DeletingForm(OwnPassword, FlaskForm):
    """Deletes the account."""

    password = PasswordField("Your password", render_kw={"autocomplete": "current-password"})

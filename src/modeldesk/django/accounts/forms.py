"""Forms to log in and to set a password, for everybody who has an account."""

from typing import Any

from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, SetPasswordForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from ...accounts.content import DIFFER, MISSING, REFUSED, STAFF_REFUSED, YOURS
from ...accounts.passwords import SAME
from ..conf import project_settings
from .backends import authenticated
from .controls import login_field, password_field
from .models import AbstractUser


class Renamed:
    """A form of Django's whose controls have the names that all our projects give them."""

    names: dict[str, str]

    def add_prefix(self, field_name: str) -> str:
        return self.names.get(field_name, field_name)


class LoginForm(Renamed, AuthenticationForm):
    """To log in; it tells no more than one sentence, and wrong passwords are counted."""

    error_messages = {"invalid_login": REFUSED if project_settings().auth else STAFF_REFUSED}
    names = {"username": "email", "password": "password"}

    request: HttpRequest
    username = login_field()
    password = password_field("Password", "current-password")

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if not self.errors:
            self.user_cache = authenticated(self.request, given["username"], given["password"])
            if self.user_cache is None:
                raise self.get_invalid_login_error()
        return given


class NewPasswordForm(Renamed, SetPasswordForm):
    """To set a new password."""

    names = {"new_password1": "password", "new_password2": "password_confirm"}
    error_messages = {"password_mismatch": DIFFER}

    user: AbstractUser

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            field.error_messages["required"] = MISSING

    def validate_password_for_user(self, user: Any, password_field_name: str = "") -> None:
        """Tell faults of a password beside it, not beside its repetition."""
        super().validate_password_for_user(user, "new_password1")


class PasswordForm(NewPasswordForm, PasswordChangeForm):
    """To change a password; wrong ones are counted."""

    names = {
        "old_password": "password",
        "new_password1": "new_password",
        "new_password2": "new_password_confirm",
    }

    def __init__(self, *args: Any, request: HttpRequest, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["old_password"].error_messages["required"] = YOURS
        self.request = request

    def clean_old_password(self) -> str:
        password = str(self.cleaned_data["old_password"])
        if not authenticated(self.request, self.user.email, password):
            raise ValidationError("This is not your password.")
        if password == self.data.get(self.add_prefix("new_password1")):
            raise ValidationError(SAME)
        return password

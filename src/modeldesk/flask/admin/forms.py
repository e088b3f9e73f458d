"""Forms of accounts in the admin."""

from typing import Any

from flask import current_app
from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, SelectMultipleField, StringField, ValidationError
from wtforms.validators import DataRequired, EqualTo, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from ...accounts.addresses import address
from ..accounts.current import get_accounts

NEW = {"autocomplete": "new-password"}


def role_choices() -> list[tuple[str, str]]:
    """All roles."""
    return [(name, name) for name in get_accounts().database.role_names()]


class RolesField(SelectMultipleField):
    """A box for each role."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, label: str, **options: Any) -> None:
        super().__init__(label, choices=role_choices, **options)

    def __call__(self, **attributes: Any) -> Any:
        """Only the list has these: what a field says of itself, each of its boxes says too."""
        named = {"class": "boxes", "aria-label": self.label.text}
        return super().__call__(**attributes, **named)


class UserForm(FlaskForm):
    name = StringField("Name", [Optional(), Length(max=100)])
    roles = RolesField("Roles")
    active = BooleanField("Active")


class NewUserForm(FlaskForm):
    email = StringField("Email", [DataRequired("Enter an email address.")])
    name = StringField("Name", [Optional(), Length(max=100)])
    roles = RolesField("Roles")
    password = PasswordField("Password", [DataRequired("Enter a password.")], render_kw=NEW)
    password_confirm = PasswordField(
        "Password confirmation",
        [DataRequired("Enter it again."), EqualTo("password", "The two passwords differ.")],
        render_kw=NEW,
    )

    def validate_email(self, field: StringField) -> None:
        try:
            field.data = address(field.data or "")
        except ValueError as error:
            raise ValidationError(str(error)) from None
        if get_accounts().datastore.find_user(email=field.data):
            raise ValidationError("This address has an account.")

    def validate_password(self, field: PasswordField) -> None:
        check = current_app.extensions["security"].password_util.validate
        faults, field.data = check(field.data, is_register=True, email=self.email.data)
        if faults:
            raise ValidationError(" ".join(map(str, faults)))

"""Controls of forms, as the shared pages of accounts show them."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from ...accounts.addresses import NO_ADDRESS, address
from ...accounts.content import MISSING, YOURS

EMAIL = "Email address"


class AddressField(forms.CharField):
    """An address that may have an account, by the rule of the library."""

    widget = forms.EmailInput

    def to_python(self, value: Any) -> str:
        """The spelling that the account is kept under."""
        try:
            return address(super().to_python(value) or "")
        except ValueError as error:
            raise ValidationError(str(error)) from None


def email_field() -> AddressField:
    return AddressField(label=EMAIL, widget=forms.EmailInput({"autocomplete": "email"}))


def login_field() -> forms.CharField:
    """Of whatever may have been imported."""
    messages = {"required": NO_ADDRESS}
    widget = forms.EmailInput({"autocomplete": "email"})
    return forms.CharField(label=EMAIL, widget=widget, error_messages=messages)


def password_field(label: str, autocomplete: str) -> forms.CharField:
    widget = forms.PasswordInput({"autocomplete": autocomplete})
    messages = {"required": YOURS if autocomplete == "current-password" else MISSING}
    return forms.CharField(label=label, strip=False, widget=widget, error_messages=messages)


def shown_fields(form: forms.BaseForm) -> list[dict[str, Any]]:
    """The controls of a form, for the shared template; the first with a fault has the focus."""
    shown: list[dict[str, Any]] = []
    for field in form.visible_fields():
        field.help_text = ""
        errors = [str(error) for error in field.errors]
        attributes: dict[str, str | bool] = {}
        if errors:
            attributes = {"aria-describedby": f"{field.id_for_label}-error", "aria-invalid": "true"}
            attributes["autofocus"] = not any(earlier["errors"] for earlier in shown)
        is_choice = isinstance(field.field, forms.ChoiceField)  # of which one is always made
        shown.append(
            {
                "id": field.id_for_label,
                "label": field.label,
                "unit": "",
                "control": field.as_widget(attrs=attributes),
                "errors": errors,
                "hint": "",
                "required": field.field.required or is_choice,
            }
        )
    return shown

"""Controls of forms, as the shared pages of accounts show them."""

from typing import Any

from django import forms


def email_field() -> forms.EmailField:
    widget = forms.EmailInput({"autocomplete": "email"})
    return forms.EmailField(label="Email address", max_length=255, widget=widget)


def password_field(label: str, autocomplete: str) -> forms.CharField:
    widget = forms.PasswordInput({"autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, widget=widget)


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

"""Forms made from the model signature."""

from collections.abc import Mapping
from typing import Any

from flask_wtf import FlaskForm
from modeldesk.pages.content import Control, Input
from werkzeug.datastructures import MultiDict
from wtforms import Field, SelectField, StringField, TextAreaField


class GeneratedForm(FlaskForm):
    """A form whose values are text; the signature validates them, as it does for the API."""

    @property
    def values(self) -> dict[str, str]:
        """What was typed, by the name of the control."""
        return {field.name: field.data or "" for field in self if field.name != "csrf_token"}


def build_form(inputs: list[Input], typed: Mapping[str, str] | None) -> GeneratedForm:
    """A form with a field for each input, as it was sent; None is one to be filled in."""
    # Attributes are numbered: a feature may be called "data" or "validate".
    fields = {f"input_{index}": _field(item, typed is None) for index, item in enumerate(inputs)}
    form: type[GeneratedForm] = type("SignatureForm", (GeneratedForm,), fields)
    return form(None if typed is None else MultiDict(typed))


def draw(inputs: list[Input], typed: Mapping[str, str] | None) -> Control:
    """Draws the widgets of such a form."""
    return control_of(build_form(inputs, typed))


def control_of(form: GeneratedForm) -> Control:
    """Draws the widget of an input of this form."""
    fields = {field.name: field for field in form}
    return lambda item, attributes: fields[item.name](**attributes)


def _field(item: Input, fresh: bool) -> Field:
    # A default would also stand for what is absent from a form that was sent.
    default = item.initial if fresh else ""
    given: dict[str, Any] = {"name": item.name, "id": item.id, "default": default}
    if item.kind == "select":
        return SelectField(item.label, choices=item.choices, validate_choice=False, **given)
    if item.kind == "textarea":
        return TextAreaField(item.label, **given)
    return StringField(item.label, render_kw={"type": item.kind}, **given)

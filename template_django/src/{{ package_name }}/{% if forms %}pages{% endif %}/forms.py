"""Forms made from the model signature."""

from collections.abc import Mapping
from typing import Any

from django import forms
from modeldesk.pages.content import Control, Input


class SignatureForm(forms.Form):
    """A form whose values are text; the signature validates them, as it does for the API."""

    def __init__(self, inputs: list[Input], data: Any = None) -> None:
        super().__init__(data)
        for item in inputs:
            widget: forms.Widget = forms.TextInput({"id": item.id, "type": item.kind})
            if item.kind == "select":
                widget = forms.Select({"id": item.id}, item.choices)
            elif item.kind == "textarea":
                widget = forms.Textarea({"id": item.id})
            self.fields[item.name] = forms.CharField(
                required=False, strip=False, initial=item.initial, widget=widget
            )

    @property
    def values(self) -> dict[str, str]:
        """What was typed, by the name of the control."""
        return {name: self.data.get(name, "") for name in self.fields}

    def control(self, item: Input, attributes: dict[str, Any]) -> str:
        """Draw the widget of an input."""
        return self[item.name].as_widget(attrs=attributes)


def draw(inputs: list[Input], typed: Mapping[str, str] | None) -> Control:
    """Draws the widgets of such a form, as it was sent; None is one to be filled in."""
    return SignatureForm(inputs, typed).control

"""Forms made from the signature of the model."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from django import forms

from ..ml.rows import Row
from ..ml.validation import Fault, InvalidInstances
from ..pages.content import Control, Input, Texts, as_sent, meant, prediction_inputs
from .service import get_service


class InputForm(forms.Form):
    """A form of controls whose values are text."""

    def __init__(self, data: Mapping[str, str] | None = None, *, inputs: list[Input]) -> None:
        self.inputs = {item.name: item for item in inputs}
        super().__init__(data)
        for item in inputs:
            if field := self.fields.get(item.name):  # that a form declares
                self.draw_by(item.name, field.widget)
            else:
                self.fields[item.name] = field_of(item)

    def draw_by(self, name: str, widget: forms.Widget) -> None:
        """Have a widget of the owner's; for an input it sends texts as they are."""
        field = self.fields[name]
        field.widget = widget
        if item := self.inputs.get(name):
            item = replace(item, kind="text")
            ticked = isinstance(widget, forms.CheckboxInput)
            self.inputs[name] = replace(item, required=False, absent="false") if ticked else item
            widget.attrs.setdefault("id", item.id)
            if field.initial in (None, item.html_value(item.initial)):
                field.initial = item.initial == "true" if ticked else item.initial

    def add_prefix(self, field_name: str) -> str:
        """What HTML calls a field: not by the name of a feature, which may be any text."""
        item = self.inputs.get(field_name)
        return item.html_name if item else super().add_prefix(field_name)

    def fill(self, texts: Texts) -> None:
        """Hold these texts, as if they had been typed."""
        self.data, self.is_bound = as_sent(self.inputs.values(), texts), True

    @property
    def values(self) -> dict[str, str]:
        """What was typed, by the name of the control; nothing of what was left out."""
        return meant(self.inputs.values(), self.data)

    def control(self, item: Input, attributes: dict[str, Any]) -> str:
        """Draw the widget of an input."""
        return self[item.name].as_widget(attrs=attributes)


def field_of(item: Input) -> forms.Field:
    """A field that takes any text, as the signature validates it."""
    widget: forms.Widget = forms.TextInput({"id": item.id, "type": item.kind})
    if item.kind == "select":
        widget = forms.Select({"id": item.id}, item.choices)
    elif item.kind == "textarea":
        widget = forms.Textarea({"id": item.id})
    return forms.Field(
        required=False,
        label=item.label,
        help_text=item.hint,
        initial=item.html_value(item.initial),
        widget=widget,
    )


def draw(inputs: list[Input], typed: Texts | None) -> Control:
    """Draws the widgets of a form that holds these texts; None is one to be filled in."""
    form = InputForm(inputs=inputs)
    if typed is not None:
        form.fill(typed)
    return form.control


class SignatureForm(InputForm):
    """A field for each feature of the model that is served, filled with its example.

    A project's form is below this one. As in a ModelForm, `class Meta` may have `labels`,
    `help_texts` and `widgets` by feature, `field_order` is the order, and fields that are declared
    stand in place of those that would be made, or beside them. Names of features that the model
    has no more are let be.

    After `super().clean()` the values in `cleaned_data` are those that the model takes; what a
    `clean()` makes of them is predicted.
    """

    def __init__(self, data: Mapping[str, str] | None = None) -> None:
        self.validator = get_service().predictor.validator
        super().__init__(data, inputs=prediction_inputs(get_service().predictor))
        for name, field in self.fields.items():
            field.label = self._meta("labels").get(name, field.label)
            field.help_text = self._meta("help_texts").get(name, field.help_text)
            if widget := self._meta("widgets").get(name):
                self.draw_by(name, widget() if isinstance(widget, type) else deepcopy(widget))
        self.order_fields(self.field_order)

    def _meta(self, name: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = getattr(getattr(self, "Meta", None), name, {})
        return found

    def clean(self) -> dict[str, Any]:
        """Let the signature check what was typed."""
        try:
            row, _ = self.validator.from_form(self.values)
        except InvalidInstances as error:
            for fault in error.faults:
                name = str(fault.loc[-1])
                if name not in self.errors:  # what a field says of itself is enough
                    self.add_error(name if name in self.fields else None, fault.msg)
            return self.cleaned_data
        self.cleaned_data |= row
        return self.cleaned_data

    @property
    def row(self) -> Row:
        """The values to predict, of a form that is valid. Raises InvalidInstances."""
        row, _ = self.validator.from_values(self.cleaned_data)
        return row

    @property
    def faults(self) -> list[Fault]:
        """What is wrong with what was typed."""
        return [
            Fault((name if name in self.fields else "",), str(text), "form")
            for name, texts in self.errors.items()
            for text in texts
        ]

    def controls(self) -> list[Input]:
        """The controls in their order, as the fields say by now what they are called."""
        return [self._control(name) for name in self.fields]

    def _control(self, name: str) -> Input:
        field = self.fields[name]
        bound = self[name]
        own = Input(name, bound.id_for_label, "", required=field.required)
        item = self.inputs.get(name, own)
        return replace(item, label=str(bound.label), hint=str(field.help_text))

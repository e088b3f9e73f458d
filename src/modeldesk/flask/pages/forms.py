"""Forms of Flask-WTF with the fields of a signature."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import Any, ClassVar

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, Form, SelectField, StringField, TextAreaField

from ...ml.validation import Fault
from ...pages.content import Control, Input, Texts, as_sent
from ...pages.rows import Draw


class SignatureFields:
    """A field for each feature, with what the signature says of it; for a form of Flask-WTF.

    Values are text, which the signature validates as it does for the API. A field that a form
    declares by the name of a feature stands in place of the one made for it, and its validators
    are asked, too.
    """

    order: ClassVar[Sequence[str]] = ()  # features that come first
    labels: ClassVar[Mapping[str, str]] = {}  # by feature
    hints: ClassVar[Mapping[str, str]] = {}  # shown below the field

    @classmethod
    def arranged(cls, inputs: list[Input]) -> list[Input]:
        """The controls of the signature, as this form has them."""
        own = declared(cls)
        first = {name: index for index, name in enumerate(cls.order)}
        arranged = []
        for item in sorted(inputs, key=lambda item: first.get(item.name, len(first))):
            label, hint = cls.labels.get(item.name, item.label), cls.hints.get(item.name, item.hint)
            shown = replace(item, label=label, hint=hint)
            if (given := own.get(item.name)) is not None:
                field = given[1]
                label, hint = str(field.label.text), str(field.description) or hint
                # Whatever it is, it sends texts as they are.
                shown = replace(item, label=label, hint=hint, kind="text")
                if isinstance(given[1], BooleanField):
                    shown = replace(shown, required=False, absent="false")
            arranged.append(shown)
        return arranged


def declared(form_class: Any) -> dict[str, tuple[str, Field]]:
    """The fields that a form has by itself, each with its attribute, by name."""
    form = form_class(formdata=None, meta={"csrf": False})
    return {field.name: (attribute, field) for attribute, field in form._fields.items()}


def build_form(form_class: Any, inputs: list[Input], typed: Texts | None) -> Form:
    """A form with a field for each input, that holds these texts; None is one to be filled in."""
    own, fields, examples = declared(form_class), {}, {}
    for index, item in enumerate(inputs):
        if item.name in own:
            attribute, _ = own[item.name]
            fields[attribute] = copy(getattr(form_class, attribute))
            fields[attribute].name = item.html_name
            ticked = isinstance(own[item.name][1], BooleanField)
            examples[attribute] = item.initial == "true" if ticked else item.initial
        else:
            # Attributes are numbered: a feature may be called "data" or "validate".
            fields[f"input_{index}"] = _field(item, typed is None)
    form: type[Form] = type(form_class.__name__, (form_class,), fields)
    if typed is None:
        return form(None, data=examples)
    return form(MultiDict(as_sent(inputs, typed)))


def drawn_by(form_class: Any) -> Draw:
    """Draws the widgets of such forms."""
    return lambda inputs, typed: control_of(build_form(form_class, inputs, typed))


def control_of(form: Form) -> Control:
    """Draws the widget of an input of this form."""
    fields = {field.name: field for field in form}
    return lambda item, attributes: fields[item.html_name](id=item.id, **attributes)


def faults_of(form: Form, inputs: list[Input]) -> list[Fault]:
    """What the validators of the fields that a form declares have to say."""
    form.validate()
    names = {item.html_name: item.name for item in inputs}
    return [
        Fault((names.get(field.name, field.name),), str(error), "form")
        for field in form
        for error in field.errors
        if field.name != "csrf_token"
    ]


def _field(item: Input, fresh: bool) -> Field:
    # A default would also stand for what is absent from a form that was sent.
    default = item.html_value(item.initial) if fresh else ""
    given: dict[str, Any] = {"name": item.html_name, "id": item.id, "default": default}
    if item.kind == "select":
        return SelectField(item.label, choices=item.choices, validate_choice=False, **given)
    if item.kind == "textarea":
        return TextAreaField(item.label, **given)
    return StringField(item.label, render_kw={"type": item.kind}, **given)

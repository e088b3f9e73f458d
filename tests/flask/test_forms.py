"""What a project may say of its form: order, labels, hints, fields of its own."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask_wtf import FlaskForm
from modeldesk.flask.pages.forms import (
    SignatureFields,
    build_form,
    control_of,
    faults_of,
)
from modeldesk.ml.validation import Fault
from modeldesk.pages.content import Input, as_sent, meant
from wtforms import BooleanField, IntegerField
from wtforms.validators import NumberRange

# The types of WTForms lack what is to replace it.
pytestmark = pytest.mark.filterwarnings("ignore:Passing SelectField choices:DeprecationWarning")
INPUTS = [
    Input("area", "feature-0", "Area", "m²", initial="95.5"),
    Input("csrf_token", "feature-1", "Data", choices=[("", ""), ("x", "x")], kind="select"),
    Input("rooms", "feature-2", "Rooms", hint="1 to 9", initial="3"),
]


class PlainForm(SignatureFields, FlaskForm):
    pass


class OwnForm(SignatureFields, FlaskForm):
    order = ("rooms",)
    labels = {"area": "Living space"}  # noqa: RUF012
    hints = {"area": "Without the balcony"}  # noqa: RUF012
    rooms = IntegerField("How many rooms", [NumberRange(min=2, message="At least two.")])


@pytest.fixture(autouse=True)
def request_context() -> Iterator[None]:
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "one for tests"
    with app.test_request_context():
        yield


def test_the_signature_says_it_all() -> None:
    assert PlainForm.arranged(INPUTS) == INPUTS


def test_a_project_says_other() -> None:
    shown = OwnForm.arranged(INPUTS)
    assert [item.name for item in shown] == ["rooms", "area", "csrf_token"]
    assert [item.label for item in shown] == ["How many rooms", "Living space", "Data"]
    assert [item.hint for item in shown] == ["1 to 9", "Without the balcony", ""]
    assert shown[1].unit == "m²"


def test_the_example_is_filled_in() -> None:
    control = control_of(build_form(OwnForm, INPUTS, None))
    assert 'value="3"' in control(INPUTS[2], {})
    assert 'value="95.5"' in control(INPUTS[0], {})


def test_a_field_of_the_project_is_checked() -> None:
    def faults(form: Any, **typed: str) -> list[Fault]:
        return faults_of(build_form(form, INPUTS, {"area": "1"} | typed), INPUTS)

    (fault,) = faults(OwnForm, rooms="1")
    assert (fault.loc, fault.msg) == (("rooms",), "At least two.")
    assert faults(OwnForm, rooms="2") == []
    assert faults(PlainForm) == []


class TickedForm(SignatureFields, FlaskForm):
    garden = BooleanField("A garden?")


def test_a_box_that_is_not_ticked_means_no() -> None:
    garden = Input("garden", "feature-3", "Garden", initial="false", sent_as="feature-garden")
    (item,) = TickedForm.arranged([garden])
    assert not item.required  # which a browser would take for: must be ticked
    assert [item.meant(sent) for sent in (None, "y")] == ["false", "y"]
    assert garden.meant(None) is None
    for typed, checked in ((None, False), ({"garden": "true"}, True), ({"garden": "false"}, False)):
        html = control_of(build_form(TickedForm, [item], typed))(item, {})
        assert ("checked" in html) == checked
    shown = replace(item, initial="true")
    assert "checked" in control_of(build_form(TickedForm, [shown], None))(shown, {})


def test_html_has_names_of_its_own() -> None:
    """Also for a field that a project declares."""
    named = [replace(item, sent_as=f"feature-{item.name}") for item in INPUTS]
    typed = {"area": "7,5", "csrf_token": "x", "rooms": "4"}
    sent = {f"feature-{name}": text for name, text in typed.items()}
    assert as_sent(named, typed) == sent
    assert meant(named, sent | {"csrf_token": "secret"}) == typed
    control = control_of(build_form(OwnForm, named, typed))
    for item in named:
        html = control(item, {})
        assert f'name="feature-{item.name}"' in html
        assert f'id="{item.id}"' in html
        assert f'value="{typed[item.name]}"' in html

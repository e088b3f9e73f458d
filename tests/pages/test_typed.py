"""What is typed, chosen and told in the forms is what was meant, whatever the model calls it."""

import csv
import io
from types import SimpleNamespace
from typing import Any

import pytest
from modeldesk.ml.rules import Rules
from modeldesk.ml.signature import Feature, Output, Signature
from modeldesk.ml.validation import InstanceValidator, InvalidInstances
from modeldesk.pages.content import Input, as_sent, feedback_inputs, meant, prediction_inputs
from modeldesk.serving.forms import chosen_text, option_value
from modeldesk.serving.outcomes import outcome
from modeldesk.staff.export import csv_lines
from modeldesk.testing.hostile import NAMES, TEXTS, VALUES
from modeldesk.testing.records import record

NUMBER = Output(name="y")


def inputs_of(*features: Feature, reference: str | None = None) -> list[Input]:
    signature = Signature(name="m", task="regression", features=list(features), output=NUMBER)
    desk: Any = SimpleNamespace(signature=signature, rules=Rules(reference=reference))
    return prediction_inputs(desk)


def by_browser(sent: dict[str, str]) -> dict[str, str]:
    """As a browser sends it: every line break is CRLF, in names and in values."""

    def broken(text: str) -> str:
        return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")

    return {broken(name): broken(text) for name, text in sent.items()}


def typed(feature: Feature, sent: str | None) -> Any:
    """The value that a row has of what was sent for its only feature. Raises InvalidInstances."""
    (item,) = inputs_of(feature)
    texts = meant([item], {} if sent is None else {item.html_name: sent})
    signature = Signature(name="m", task="regression", features=[feature], output=NUMBER)
    row, _ = InstanceValidator(signature).from_form(texts)
    return row[feature.name]


def test_names_meet_nothing_else_that_is_sent() -> None:
    inputs = inputs_of(
        *(Feature(name=name, type="text") for name in NAMES), reference="csrf_token_"
    )
    names = [item.html_name for item in inputs]
    assert len(set(names)) == len(NAMES) + 1
    assert {name.partition("-")[0] for name in names} == {"feature", "caller"}
    assert all(name.isascii() and name.isprintable() and " " not in name for name in names)
    texts = {item.name: f"of {index}" for index, item in enumerate(inputs)}
    assert meant(inputs, by_browser(as_sent(inputs, texts))) == texts


def test_ids_and_labels_are_of_one_field_each() -> None:
    inputs = inputs_of(*(Feature(name=name, type="text") for name in NAMES))
    assert len({item.id for item in inputs}) == len({item.label for item in inputs}) == len(NAMES)


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("value", VALUES)
def test_a_category_is_chosen_exactly(value: str, missing: bool) -> None:
    feature = Feature(
        name="c", type="category", categories=VALUES, outside="refuse", missing=missing
    )
    (item,) = inputs_of(feature)
    assert len(item.choices) == len(VALUES) + 1
    assert len(dict(item.choices)) == len({text for _, text in item.choices}) == len(VALUES) + 1
    (sent,) = by_browser(as_sent([item], {"c": value})).values()
    assert sent in dict(item.choices)
    assert typed(feature, sent) == value


@pytest.mark.parametrize("value", VALUES)
def test_a_known_category_is_typed_exactly(value: str) -> None:
    feature = Feature(name="c", type="category", categories=VALUES, missing=True)
    (item,) = inputs_of(feature)
    (sent,) = by_browser(as_sent([item], {"c": value})).values()
    assert typed(feature, sent) == value


@pytest.mark.parametrize("text", [text for text in TEXTS if text and "\r" not in text])
@pytest.mark.parametrize("missing", [False, True])
def test_a_text_stays_as_it_was_typed(text: str, missing: bool) -> None:
    feature = Feature(name="t", type="text", missing=missing)
    (item,) = inputs_of(feature)
    assert item.kind == "textarea"
    (sent,) = by_browser(as_sent([item], {"t": text})).values()
    assert typed(feature, sent) == text


def test_nothing_typed_is_an_empty_text_where_one_must_be_there() -> None:
    needed, optional = (Feature(name="t", type="text", missing=gap) for gap in (False, True))
    assert typed(needed, "") == ""
    assert typed(optional, "") is None
    assert not inputs_of(needed)[0].required
    with pytest.raises(InvalidInstances, match=r"T is missing\."):
        typed(needed, None)
    known = Feature(name="t", type="category", categories=["", "a"])
    assert (typed(known, ""), typed(known, "a")) == ("", "a")
    with pytest.raises(InvalidInstances, match=r"T is missing\."):
        typed(known.model_copy(update={"categories": ["a"]}), "")


@pytest.mark.parametrize("kind", ["number", "integer", "date"])
def test_blanks_are_nothing_but_for_texts(kind: Any) -> None:
    assert typed(Feature(name="x", type=kind, missing=True), "  ") is None
    with pytest.raises(InvalidInstances, match="X is missing"):
        typed(Feature(name="x", type=kind), "  ")


@pytest.mark.parametrize(
    ("example", "initial"),
    [
        *((95.5, "95.5"), (3.0, "3"), (20240131.0, "20240131"), (0.123456789, "0.123456789")),
        *((1e300, "1e+300"), (7, "7"), (True, "true"), ("", ""), (" a", " a"), (None, None)),
    ],
)
def test_the_example_is_typed_in_full(example: Any, initial: str | None) -> None:
    (item,) = inputs_of(Feature(name="x", type="number", example=example))
    assert item.initial == initial


@pytest.mark.parametrize("value", VALUES)
def test_an_outcome_is_told_exactly(value: str) -> None:
    output = Output.model_validate({"name": "y", "classes": VALUES})
    signature = Signature(
        name="m", task="classification", features=[Feature(name="x", type="text")], output=output
    )
    inputs = feedback_inputs(signature)
    assert [item.html_value(item.initial) for item in inputs] == ["", ""]
    sent = by_browser(as_sent(inputs, {"actual": value, "comment": "\n1\n 2 "}))
    texts = meant(inputs, sent)
    assert outcome(output, texts) == value
    assert texts["comment"] == "\n1\n 2 "
    assert outcome(output, {"actual": value}) == value  # of a file


def test_a_number_that_is_told_stays_that_number() -> None:
    told = [
        outcome(Output(name="y"), {"actual": text}) for text in ("1", "9007199254740993", "1e30")
    ]
    assert told == [1, 2**53 + 1, 1e30]  # the second of which is refused


def test_no_outcome_is_none_of_the_classes() -> None:
    assert outcome(Output(name="y", classes=["", " "]), {}) is None
    assert outcome(Output(name="y", classes=[" ", "a"]), {"actual": ""}) is None


def test_blanks_around_an_outcome_are_let_be_where_that_is_clear() -> None:
    assert outcome(Output(name="y", classes=["spam", "ham"]), {"actual": " spam "}) == "spam"
    assert outcome(Output(name="y", classes=["spam", " spam"]), {"actual": "spam "}) is None
    assert outcome(Output(name="y", classes=[1, 2]), {"actual": " 2"}) == 2
    assert outcome(Output(name="y", classes=[True, False]), {"actual": "true"}) is True


def test_targets_have_fields_of_their_own() -> None:
    names = ["a b", "a_b", "Age", "age", 'say "it"', "line\nbreak", ":x"]
    output = Output.model_validate({"name": "y", "targets": [{"name": name} for name in names]})
    features = [Feature(name="x", type="text")]
    inputs = feedback_inputs(
        Signature(name="m", task="regression", features=features, output=output)
    )
    assert len({item.label for item in inputs}) == len(inputs)
    texts = {f"actual_{name}": f"{index}" for index, name in enumerate(names)}
    told = outcome(output, meant(inputs, by_browser(as_sent(inputs, texts))))
    assert told == {name: float(index) for index, name in enumerate(names)}


@pytest.mark.parametrize("value", [*VALUES, "x\r\n", '"', '"\\ud800"'])
def test_options_stand_for_their_texts(value: str) -> None:
    sent = option_value(value)
    assert chosen_text(sent) == value
    assert sent == sent.strip() != ""
    assert "\n" not in sent


@pytest.mark.parametrize("forged", ['"\\ud800"', '"a"', '"', '"x', "[1]", '"\\u0000"', '1"', '""x'])
def test_what_was_not_offered_stays_as_it_is(forged: str) -> None:
    assert chosen_text(forged) == forged


def exported(inputs: dict[str, Any], values: list[str], output: Output) -> dict[str, str]:
    features = [Feature(name=n, type="category", categories=values) for n in inputs]
    features.append(Feature(name="note", type="text"))
    signature = Signature(name="m", task="classification", features=features, output=output)
    given = record(
        inputs=inputs | {"note": "=1+1"}, value=values[0], label=values[0], probabilities={}
    )
    header, row = csv.reader(io.StringIO("".join(csv_lines([given], signature)), newline=""))
    assert len(set(header)) == len(header)
    return dict(zip(header, row, strict=True))


def test_an_export_has_names_and_values_of_the_model_as_they_are() -> None:
    row = exported(
        {"@tag": "-", "=size": "=1+1"}, ["-", "+", "=1+1"], Output(name="y", classes=["-"])
    )
    assert (row["@tag"], row["=size"], row["prediction"]) == ("-", "=1+1", "-")
    assert row["note"] == "'=1+1"  # anybody may have written it
    names = ["id", "input id", "comment", "prediction", "line\r\nbreak", " a", "a"]
    row = exported(dict.fromkeys(names, "a\r"), ["a\r", "b"], Output(name="y", classes=["a\r"]))
    assert {row[name] for name in names[1:2] + names[4:]} == {"a\r"}
    assert {row[f"input {name}"] for name in ("input id", "comment", "prediction")} == {"a\r"}
    assert row["prediction"] == "a\r"

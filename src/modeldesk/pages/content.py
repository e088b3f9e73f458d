"""What the pages show: records and forms as plain text, ready for either template language."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import quote

from ..ml.labels import choices, exact, labels, named_choices, told_apart, visible, visible_lines
from ..ml.predictor import Predictor
from ..ml.signature import INTEGER_MAX, Feature, Signature, class_label, shares_of
from ..ml.validation import LONGEST_REFERENCE, Fault, InvalidInstances
from ..serving.body import Paging, parse
from ..serving.forms import attention, chosen_text, moment, option_value, typed_text
from ..serving.log import Record
from ..serving.outcomes import by_target, outcome, outcome_faults, outcome_fields
from ..serving.service import Service

PAGE_SIZE = 50
MOST_FIELDS = 30  # a model of more features is wide: its values are shown when asked for
NUMBER = r"[\s0-9.+\-eE_]*"  # browsers refuse what no number has in it, and nothing that is one


Texts = Mapping[str, str | None]  # what was typed, by the name of the input; None is nothing


@dataclass(frozen=True, slots=True)
class Input:
    """One control of a form, from which each framework makes a field and its widget.

    `name` is that of a feature or a field of feedback, whatever it holds; HTML has `sent_as`,
    which no framework, browser or form of the owner's has a meaning for. Blanks alone are nothing,
    but for a `text`, and no character at all is nothing, unless an `empty` text can be meant.
    `absent` is meant where a browser sends nothing at all, as of a box that is not ticked.
    """

    name: str
    id: str
    label: str
    unit: str = ""
    hint: str = ""
    required: bool = True
    kind: str = "text"  # text, date, select, textarea or file
    choices: list[tuple[str, str]] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    initial: str | None = None
    sent_as: str = ""
    text: bool = False
    empty: bool = False
    absent: str | None = None
    known: Mapping[str, str] = field(default_factory=dict)  # texts that cannot be typed, by others

    @property
    def html_name(self) -> str:
        """What the control is called in HTML."""
        return self.sent_as or self.name

    def html_value(self, text: str | None) -> str:
        """What the control holds for a text."""
        if text is None:
            return ""
        if self.kind == "select":
            return option_value(text)
        return next((typed for typed, meant in self.known.items() if meant == text), text)

    def meant(self, sent: str | None) -> str | None:
        """The text that is meant by what a browser sent."""
        if sent is None:
            return self.absent
        if self.kind == "select":
            return chosen_text(sent) if sent else None
        blank = not (sent if self.text else sent and sent.strip())
        if blank and not self.empty:
            return None
        text = typed_text(sent)
        return self.known.get(text, text)


Control = Callable[[Input, dict[str, Any]], str]  # draws the widget of an input, as safe HTML


def meant(inputs: Iterable[Input], sent: Mapping[str, str]) -> dict[str, str]:
    """What was typed into a form, by the name of the input; nothing for what was left out."""
    texts = {item.name: item.meant(sent.get(item.html_name)) for item in inputs}
    return {name: text for name, text in texts.items() if text is not None}


def as_sent(inputs: Iterable[Input], texts: Texts) -> dict[str, str]:
    """What a browser would send of a form that holds these texts."""
    return {item.html_name: item.html_value(texts.get(item.name)) for item in inputs}


def prediction_inputs(predictor: Predictor) -> list[Input]:
    """A control for each feature, filled with the example; and for what finds it again."""
    features = predictor.signature.features
    called = labels(features)
    inputs = [_feature_input(index, f, called[f.name]) for index, f in enumerate(features)]
    if reference := predictor.rules.reference:
        label = f"{reference[:1].upper()}{reference[1:]}"
        attributes = {"maxlength": str(LONGEST_REFERENCE)}
        hint = "To find this prediction by."
        inputs.append(
            Input(
                reference,
                "reference",
                label,
                hint=hint,
                required=False,
                attributes=attributes,
                sent_as="caller-reference",
            )
        )
    return inputs


def feedback_inputs(signature: Signature) -> list[Input]:
    """Controls for the true outcome of a prediction."""
    fields = outcome_fields(signature.output)
    called = told_apart(
        {
            name: [part.label[:1].lower() + part.label[1:], *exact(part)]
            for name, part in fields.items()
        }
    )
    actual = [
        Input(
            name=name,
            id=f"actual-{index}" if index else "actual",
            label=f"Actual {called[name]}",
            unit=part.unit or "",
            kind="select" if part.classes else "text",
            choices=_options(named_choices(part)) if part.classes else [],
            attributes={} if part.classes else {"inputmode": "decimal"},
            sent_as=quote(name, safe=""),
        )
        for index, (name, part) in enumerate(fields.items())
    ]
    attributes = {"maxlength": "2000", "rows": "3"}
    comment = Input("comment", "comment", "Comment", "", "", False, "textarea", [], attributes)
    return [*actual, comment]


def _options(shown: Mapping[str, str]) -> list[tuple[str, str]]:
    """Of a list to choose from, as each text is shown; the first is none of them."""
    return [("", ""), *((option_value(text), name) for text, name in shown.items())]


def _feature_input(index: int, feature: Feature, label: str) -> Input:
    options: list[tuple[str, str]] = []
    attributes: dict[str, str] = {}
    known: dict[str, str] = {}
    hint, kind, text, empty = "", "text", False, False
    if feature.type in ("number", "integer"):
        # Not type="number": browsers send nothing at all in place of a number they cannot read.
        attributes["inputmode"] = "numeric" if feature.type == "integer" else "decimal"
        attributes |= {"pattern": NUMBER, "title": f"A number, such as {_text(feature.example)}"}
    elif feature.type == "boolean":
        options = [("", ""), ("true", "Yes"), ("false", "No")]
    elif feature.type == "date":
        kind = "date"
    elif feature.categories and feature.outside == "refuse":
        options = _options(choices(feature.categories))
    else:
        text, categories = True, feature.categories or []
        if feature.type == "text" or any("\n" in _line_breaks(one) for one in categories):
            kind, attributes = "textarea", {"rows": "3"}  # only there lines stay lines
        empty = not feature.missing and (feature.type == "text" or "" in categories)
        known = _typed_as(categories, empty)
        hint = f"Usually {', '.join(map(visible, categories))}" if categories else ""
    if feature.min is not None and feature.max is not None:
        usual = "" if feature.outside == "refuse" else "Usually "
        hint = f"{usual}{_text(feature.min)} to {_text(feature.max)}"
    return Input(
        name=feature.name,
        id=f"feature-{index}",
        label=label,
        unit=feature.unit or "",
        hint=hint,
        required=not (feature.missing or empty),
        kind="select" if options else kind,
        choices=options,
        attributes=attributes,
        initial=_initial(feature.example),
        sent_as=f"feature-{quote(feature.name, safe='')}",
        text=text,
        empty=empty,
        known=known,
    )


def _typed_as(categories: list[str], empty: bool) -> dict[str, str]:
    """Categories that cannot be typed as they are, by what stands for each: as the hint has it."""
    known: dict[str, str] = {}
    for category in categories:
        typed = _line_breaks(category)
        if typed == category and (category or empty):
            continue
        other = visible(category)
        while not typed or typed in categories or typed in known:
            typed, other = other, json.dumps(other)
        known[typed] = category
    return known


def _line_breaks(text: str) -> str:
    """A text as a control of several lines has it, which cannot tell line breaks apart."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _initial(example: Any) -> str | None:
    """An example as one would type it, with all its digits."""
    if isinstance(example, float) and float(number(example)) != example:
        return repr(example)
    return None if example is None else _plain(example)


def form_context(inputs: list[Input], control: Control, faults: Sequence[Fault]) -> dict[str, Any]:
    """The fields of a form for its template, with the faults beside them and a summary."""
    fields: list[dict[str, Any]] = []
    beside: dict[Any, list[str]] = {}
    for fault in faults:
        beside.setdefault(fault.loc[-1], []).append(fault.msg)
    focus = next((item.name for item in inputs if item.name in beside), None)
    for item in inputs:
        errors = beside.get(item.name, [])
        notes = [f"{item.id}-error"] * bool(errors) + [f"{item.id}-hint"] * bool(item.hint)
        attributes: dict[str, Any] = dict(item.attributes)
        if item.required:
            attributes["required"] = "required"
        if notes:
            attributes["aria-describedby"] = " ".join(notes)
        if errors:
            attributes["aria-invalid"] = "true"
            attributes["autofocus"] = item.name == focus
        html = control(item, attributes)
        fields.append(asdict(item) | {"control": html, "errors": errors})
    names = {item.name for item in inputs}
    summary = " ".join(fault.msg for fault in faults if fault.loc[-1] not in names)
    if faults and fields and not summary:
        summary = attention(len(faults))
    return {"fields": fields, "summary": summary, "rows": {}}


def predict(service: Service, typed: Mapping[str, str], request_id: str) -> Record:
    """Predict the row that was typed. Raises InvalidInstances, with the names of the inputs."""
    row, _ = service.predictor.validator.from_form(typed)
    return service.record([row], request_id)[0]


def give_feedback(service: Service, record: Record, typed: Mapping[str, str]) -> Record:
    """Store the outcome that was typed. Raises InvalidInstances, with the names of the inputs."""
    actual = outcome(service.signature_of(record.model_version).output, typed)
    try:
        given = {"actual": actual, "comment": typed.get("comment", "")}
        return service.give_feedback(record, given)
    except InvalidInstances as error:
        raise InvalidInstances(outcome_faults(error)) from None


def result(service: Service, record: Record) -> dict[str, Any]:
    """A record for the result page, as the version that made it names things."""
    signature = service.signature_of(record.model_version)
    known = {feature.name: feature for feature in signature.features}
    called = labels(signature.features)
    told = labels(signature.output.targets or [])
    warnings: list[Fault] = []
    if record.model_version == service.predictor.version:
        with suppress(InvalidInstances):  # a rule of the owner's may be newer than the record
            _, warnings = service.predictor.validator.from_json([record.inputs])
    return _shown(record, signature) | {
        "id": record.id,
        "label": signature.output.label,
        "reference": record.reference or "",
        "model_value": _said(signature, record.model_value),
        "score": _score(signature, record),
        "probabilities": _bars(signature, record),
        "inputs": [
            {
                "label": called.get(name) or visible(name),
                "value": visible_lines(value) if isinstance(value, str) else _text(value),
                "unit": (known[name].unit or "") if name in known else "",
            }
            for name, value in record.inputs.items()
        ],
        "many": f"{len(record.inputs):,}" if len(record.inputs) > MOST_FIELDS else "",
        "warnings": _told(warnings),
        "targets": [
            {"label": told[target.name], "value": _text(value), "unit": target.unit or ""}
            for target, value in by_target(signature.output, record.value)
        ],
        "feedback": record.feedback
        and {
            "actual": _said(signature, record.feedback.actual),
            "comment": record.feedback.comment,
            "created": moment(record.feedback.created_at),
        },
    }


def _bars(signature: Signature, record: Record) -> list[dict[str, Any]]:
    """The probabilities, the highest first; those of one target after those of another."""
    order, several = (
        [p.name for p in signature.output.parts],
        labels(signature.output.targets or []),
    )
    shares = [one for one in shares_of(record.probabilities) if not one[0] or one[0] in order]
    shares.sort(key=lambda one: (order.index(one[0]) if one[0] else 0, -one[2]))
    classes = choices({label: label for _, label, _ in shares})
    return [
        {
            "label": f"{several[target]}: {classes[label]}" if target else classes[label],
            "value": f"{share:.4f}",
            "percent": f"{share * 100:.1f} %",
            "chosen": label == class_label(record.value[target] if target else record.value),
        }
        for target, label, share in shares
    ]


def _told(warnings: list[Fault]) -> list[str]:
    """Each in a sentence; many are cut short."""
    more = len(warnings) - MOST_FIELDS
    told = [fault.msg for fault in warnings[:MOST_FIELDS]]
    return told + [f"And {more:,} more values are unusual."] * (more > 0)


def history(service: Service, query: Mapping[str, str]) -> dict[str, Any]:
    """A page of the log, newest first, with the identifier that the next page starts before."""
    page = parse(Paging, {"limit": PAGE_SIZE, "before": query.get("before")}).query()
    records = service.page(page)
    return {
        "predictions": [
            _listed(record, service.signature_of(record.model_version)) for record in records
        ],
        "next": records[-1].id if len(records) == PAGE_SIZE else "",
        "first": page.before is None,
    }


def _listed(record: Record, signature: Signature) -> dict[str, Any]:
    feedback = record.feedback
    return _shown(record, signature) | {
        "id": record.id,
        "reference": record.reference or "",
        "feedback": _said(signature, feedback.actual) if feedback else "",
    }


def _shown(record: Record, signature: Signature) -> dict[str, Any]:
    return {
        "created": moment(record.created_at),
        "created_iso": record.created_at.isoformat(),
        "value": _said(signature, record.value),
        "unit": signature.output.unit or "",
        "model_version": record.model_version,
    }


def number(value: float) -> str:
    """A number as people write it: no more digits than a model can mean."""
    if isinstance(value, float) and value.is_integer() and abs(value) <= INTEGER_MAX:
        return f"{value:.0f}"
    return f"{value:.7g}" if isinstance(value, float) else str(value)


def _said(signature: Signature, value: Any) -> str:
    """What a model answered, or what was true, as people are shown it."""
    named = class_label(value) in (signature.output.names or {})
    return signature.output.shown(value) if named else _text(value)


def _score(signature: Signature, record: Record) -> str:
    """How unusual a row is, where the model tells."""
    threshold = signature.output.threshold
    if record.score is None or threshold is None:
        return ""
    return f"Its score is {number(record.score)}; an anomaly is below {number(threshold)}."


def _text(value: Any) -> str:
    """A value in one line; nothing for a gap."""
    return visible(value) if isinstance(value, str) else _plain(value)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return ", ".join(f"{visible(name)} {_text(one)}" for name, one in value.items())
    return number(value) if isinstance(value, float) else class_label(value)

"""Predictions as the admin shows them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..ml.labels import choices, labels, visible
from ..ml.signature import Output, Signature, class_label, shares_of
from ..serving.forms import moment
from ..serving.log import Record
from ..serving.outcomes import by_target
from .search import RECENT

NONE = "\N{EN DASH}"
MOST_FEATURES = 20  # as columns; a prediction's own page has all


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the list, and what it reads of a record."""

    name: str
    label: str
    read: Callable[[Record], Any]


def search_help(reference: str | None, *, auth: bool) -> str:
    """What the search of the log finds."""
    whole = f", {reference} in full" if reference else ""
    return (
        f"The beginning of an id{whole}, {'a class, an email address' if auth else 'a class'}, "
        f"or the beginning of a request id among the newest {RECENT:,} predictions"
    )


def columns(signature: Signature, reference: str | None = None) -> list[Column]:
    """What was predicted, what really happened, and the features of the model that is served.

    Before these what callers call theirs, if they may send such a `reference`.
    """
    targets, features = signature.output.targets or [], signature.features[:MOST_FEATURES]
    several, called = labels(targets), labels(features)
    output = signature.output
    whole = [Column("prediction", output.label, lambda record: said(output, record.value))]
    if output.threshold is not None:
        whole.append(Column("score", "Score", lambda record: record.score))
    more = len(signature.features) - MOST_FEATURES
    named = Column("reference", str(reference), lambda record: record.reference)
    return [
        *([named] if reference else []),
        *([] if targets else whole),
        *(
            Column(f"prediction_{index}", several[target.name], _target(target.name))
            for index, target in enumerate(targets)
        ),
        Column("outcome", "True outcome", lambda r: r.feedback and said(output, r.feedback.actual)),
        *(
            Column(f"feature_{index}", called[feature.name], _input(feature.name))
            for index, feature in enumerate(features)
        ),
        *([Column("more", f"And {more:,} more", lambda record: "…")] if more > 0 else []),
    ]


def _input(name: str) -> Callable[[Record], Any]:
    return lambda record: record.inputs.get(name)


def _target(name: str) -> Callable[[Record], Any]:
    return lambda record: number_of(record.value, name)


def number_of(value: Any, target: str) -> Any:
    """The number of one target; None where a value has none, as that of another model."""
    return value.get(target) if isinstance(value, dict) else None


def said(output: Output, value: Any) -> Any:
    """A class as people are shown it; any other value as it is."""
    return output.shown(value) if class_label(value) in (output.names or {}) else value


def shown(value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return NONE
    if isinstance(value, dict):
        return ", ".join(f"{visible(name)} {shown(number)}" for name, number in value.items())
    if isinstance(value, str):
        return visible(value)
    return f"{value:.7g}" if isinstance(value, float) else class_label(value)


def details(signature: Signature, record: Record, more: dict[str, str]) -> dict[str, Any]:
    """All of one prediction, for staff/prediction.html; `more` is known of it besides."""
    features = {feature.name: feature for feature in signature.features}
    feedback, output = record.feedback, signature.output
    own, threshold = said(output, record.model_value), output.threshold
    called, several = labels(signature.features), labels(output.targets or [])
    shares = shares_of(record.probabilities)
    classes = choices({label: label for _, label, _ in shares})
    about = {
        "Id": record.id,
        "When": moment(record.created_at),
        "Request": record.request_id,
        **more,
        **({"Reference": record.reference} if record.reference else {}),
        **({} if own is None else {"The model said": shown(own)}),
        **({} if record.score is None else {"Score": shown(record.score)}),
        **({} if threshold is None else {"Anomalies score below": shown(threshold)}),
        "Version": record.model_version,
        "Took": f"{record.duration_ms:.3g} ms",
    }
    return {
        "label": signature.output.label,
        "unit": signature.output.unit or "",
        "value": shown(said(output, record.value)),
        "targets": [
            {"label": several[target.name], "value": shown(value), "unit": target.unit or ""}
            for target, value in by_target(signature.output, record.value)
        ],
        "shares": [
            {
                "label": f"{several.get(target, target)}: {classes[label]}"
                if target
                else classes[label],
                "percent": f"{share:.1%}",
            }
            for target, label, share in shares
        ],
        "many": f"{len(record.inputs):,}" if len(record.inputs) > MOST_FEATURES else "",
        "inputs": [
            {
                "name": called.get(name) or visible(name),
                "value": shown(value),
                "unit": features[name].unit or "" if name in features else "",
            }
            for name, value in record.inputs.items()
        ],
        "actual": shown(said(output, feedback.actual)) if feedback else "",
        "comment": feedback.comment if feedback else "",
        "told": moment(feedback.created_at) if feedback else "",
        "about": [{"name": name, "value": text} for name, text in about.items()],
    }

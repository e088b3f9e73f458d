"""The model card: what a version was trained on, how well it does, and what it is not for."""

import re
from collections.abc import Sequence
from typing import Any

from .artifact import ArtifactError
from .labels import visible
from .signature import Feature, Signature
from .validation import listed

SCORES = {"regression": "r2"}  # the first thing to ask of a model; of any other its accuracy


def headline(signature: Signature) -> str:
    """What a model is, in a few words."""
    output = signature.output
    if signature.task == "anomaly":
        score = "" if output.threshold is None else f", which score below {output.threshold:.6g}"
        return f"A detector of anomalies{score}"
    if signature.task == "clustering":
        return f"A clustering into {len(output.classes or [])} clusters"
    several = listed((target.label for target in output.targets or []), 5)
    return f"A {signature.task} of {several or output.label}"


def card(signature: Signature, metrics: dict[str, Any]) -> str:
    """The model card, in Markdown."""
    features, targets = {}, {}
    for f in signature.features:
        words = [f.type, *filter(None, [f.unit]), *["may be missing"] * f.missing]
        features[f"{visible(f.name)} ({', '.join(words)})"] = seen(f) or "anything"
    for t in signature.output.targets or []:
        unit = f" ({t.unit})" if t.unit else ""
        known = ", ".join(visible(label) for label, _ in t.choices)
        targets[f"{visible(t.name)}{unit}"] = known or f"{t.min} to {t.max} in training"
    came = f"trained {metrics['trained_at']}"
    tested = "held-out rows"
    if source := metrics.get("imported"):
        came = f"imported from {source['file']}, sha256 {source['sha256']}"
        tested = f"rows of {source['data']}, which are new to the model only if you kept them apart"
    if logged := metrics.get("logged_rows"):
        came += f", also on {logged} logged rows with their true outcomes"
    about = f"{headline(signature)}, {came}."
    answers = {
        signature.output.shown(label): f"{share:.1%} of the rows"
        for label, share in metrics.get("answers", {}).items()
    }
    first = SCORES.get(signature.task, "accuracy")
    drop = f"Importance: how much {first} drops when values are shuffled"
    lines = [f"# {signature.name}", "", about, "", "## Limits", ""]
    lines += [f"- {sentence}" for sentence in limits(metrics)]
    for title, values in (
        (f"Score on {metrics['held_out_rows']} {tested}", metrics["metrics"]),
        (f"Compared with the trained model, served as {metrics['runtime']}", metrics["parity"]),
        ("Features", features),
        *([("Targets", targets)] if targets else []),
        *([("Answers", answers)] if answers else []),
        (drop, {visible(n): value for n, value in metrics.get("importance", {}).items()}),
    ):
        told = [f"- {name}: {value}" for name, value in values.items()]
        lines += ["", f"## {title}", "", *(told or ["Not measured."])]
    return "\n".join(lines) + "\n"


def seen(feature: Feature) -> str:
    """The values of a feature in training; nothing where they are not told."""
    if feature.categories:
        return ", ".join(map(visible, feature.categories))
    if feature.min is None:
        return ""
    low, high = (f"{v:.7g}" if isinstance(v, float) else v for v in (feature.min, feature.max))
    return f"{low} to {high} in training"


def sentences(limits: Sequence[str]) -> list[str]:
    """What somebody says that the model is not for, each on one line. Raises ArtifactError."""
    given = [limits] if isinstance(limits, str) else limits
    for text in given:
        if not (isinstance(text, str) and text.strip()) or re.search("[\ud800-\udfff]", text):
            what = "it is a list of sentences on what the model is not for"
            raise ArtifactError(f"`limits` holds {text!r}; {what}.")
    return [" ".join(text.split()) for text in given]


def limits(metrics: dict[str, Any]) -> list[str]:
    """What the model is not for, in sentences: as its maker says, and as follows for every one."""
    found = list(metrics.get("limits", []))
    if not metrics["held_out_rows"]:
        found.append("How well it does is not known: nobody has measured it on held-out rows.")
    elif source := metrics.get("imported"):
        found.append(f"Its score is too good if it was trained on rows of {source['data']}.")
    return [*found, "An answer to values unlike those of its training is a guess."]

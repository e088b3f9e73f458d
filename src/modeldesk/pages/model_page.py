"""The page of the model: what it is, what it leans on, what it is not for, and its versions."""

from typing import Any

from ..ml.card import SCORES, headline, limits, seen
from ..ml.labels import labels, visible
from ..ml.signature import Feature
from ..serving.forms import moment
from ..serving.live_table import live_table
from ..serving.service import Service
from ..serving.summaries import SummaryStore
from .content import MOST_FIELDS, number

SCORE_NAMES = {"r2": "R²", "accuracy": "accuracy"}
TYPES = {"boolean": "yes or no", "category": "one of a list", "text": "free text"}


def model_page(service: Service, summaries: SummaryStore | None) -> dict[str, Any]:
    """All that the template shows; figures of its use only with the `summaries`."""
    artifact, signature = service.predictor.artifact, service.signature
    metrics = artifact.metrics
    importance: dict[str, float] = metrics.get("importance", {})
    features, called = signature.features, labels(signature.features)
    if importance:  # those that are not measured are last
        features = sorted(features, key=lambda f: -importance.get(f.name, float("-inf")))
    most = max([*importance.values(), 0.0])
    more = len(features) - MOST_FIELDS
    held_out = metrics["held_out_rows"]
    return {
        "card": {
            "name": signature.name,
            "headline": headline(signature),
            "classes": len(signature.output.classes or []),
            "limits": limits(metrics),
            "facts": [{"name": name, "value": text} for name, text in _facts(service).items()],
            "scores": [
                {"name": name.replace("_", " "), "value": number(round(value, 4))}
                for name, value in metrics["metrics"].items()
            ],
            "held_out": f"{held_out:,}" if held_out else "",
            "score": SCORE_NAMES[SCORES.get(signature.task, "accuracy")],
            "measured": bool(importance),
            "features": [
                _feature(feature, called[feature.name], importance, most)
                for feature in features[:MOST_FIELDS]
            ],
            "more": f"{more:,}" if more > 0 else "",
        },
        "live": live_table(service, summaries),
    }


def _facts(service: Service) -> dict[str, str]:
    artifact = service.predictor.artifact
    metrics = artifact.metrics
    facts = {"Version": artifact.version, "Trained": moment(artifact.trained_at)}
    if rows := metrics.get("trained_rows"):
        facts["Rows it learnt from"] = f"{rows:,}"
    if logged := metrics.get("logged_rows"):
        facts["Of these from the log, with their outcome"] = f"{logged:,}"
    if source := metrics.get("imported"):
        facts["Imported from"] = source["file"]
    facts["Features"] = f"{len(artifact.signature.features):,}"
    facts["Runs by"] = "ONNX Runtime" if artifact.runtime == "onnx" else "scikit-learn"
    facts["Made with"] = ", ".join(f"{k} {v}" for k, v in metrics.get("libraries", {}).items())
    return facts


def _feature(
    feature: Feature, label: str, importance: dict[str, float], most: float
) -> dict[str, Any]:
    drop = importance.get(feature.name)
    words = [TYPES.get(feature.type, feature.type)]
    words += ["may be missing"] * feature.missing
    words += ["others are refused"] * (feature.outside == "refuse")
    return {
        "label": label,
        "name": visible(feature.name) if feature.description else "",
        "unit": feature.unit or "",
        "words": ", ".join(words),
        "seen": seen(feature),
        "drop": "" if drop is None else f"{drop:.3f}",
        "bar": f"{max(drop or 0, 0) / most:.4f}" if most else "0",
    }

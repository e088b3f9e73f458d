"""The versions of the model side by side, as live.html shows them."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ..ml.versions import current_version, metrics_of, shadow_version
from .forms import moment
from .live import RECENT, Agreement, Live, known_versions, live
from .service import Service
from .summaries import SummaryStore, by_version
from .tallies import made

MOST_VERSIONS = 10
MOST_SCORES = 3  # of several targets
MUCH = 0.25  # of drift
NAMES = {"accuracy": "Accuracy", "mae": "Mean absolute error"}


def live_table(service: Service, summaries: SummaryStore | None) -> dict[str, Any]:
    """What each version scored before it was served, and how it does in use.

    Without the summaries of predictions that were removed, for people who may not see those of
    others, there is nothing of its use.
    """
    past = by_version(summaries) if summaries else {}
    counts = made(service.log, summaries) if summaries else Counter[str]()
    known = known_versions(service, counts)
    shown = known[:MOST_VERSIONS]
    found = live(service, shown, counts, past) if summaries else {}
    first = "accuracy" if service.signature.output.of_classes else "mae"
    return {
        "figures": summaries is not None,
        "score": NAMES[first],
        "recent": f"{RECENT:,}",
        "more": f"{len(known) - len(shown):,}" if len(known) > len(shown) else "",
        "shadow": any(one.shadow for one in found.values()),
        "drifts": any(getattr(one, "drift", None) for one in found.values()),
        "rows": [
            _version(service, version, first) | _used(found.get(version), first)
            for version in shown
        ],
    }


def _version(service: Service, version: str, first: str) -> dict[str, Any]:
    root = service.deployment.root
    metrics = metrics_of(root / version)
    scores = metrics.get("metrics", {})
    told = {n: value for n, value in scores.items() if n == "accuracy" or n.startswith("mae_")}
    return {
        "version": version,
        "served": version == service.predictor.version,
        "current": version == current_version(root),
        "in_shadow": version == shadow_version(root),
        "gone": "" if metrics else "damaged" if (root / version).is_dir() else "removed",
        "trained": moment(datetime.fromisoformat(metrics["trained_at"])) if metrics else "",
        "held_out": _scores(told or {n: scores[n] for n in ["mae"] if n in scores}, first),
    }


def _used(one: Live | None, first: str) -> dict[str, Any]:
    if one is None:
        return {}
    drift = getattr(one, "drift", None)
    return {
        "predictions": f"{one.predictions:,}",
        "share": f"{one.share:.4f}",
        "percent": f"{one.share:.1%}",
        "median": _milliseconds(one.median_ms),
        "p95": _milliseconds(one.p95_ms),
        "outcomes": f"{one.outcomes:,}" if one.outcomes else "",
        "outcome_score": _scores(one.score or {}, first),
        "agreement": _agreement(one.shadow) if one.shadow else "",
        "drift": f"{drift[1]:.2f}" if drift else "",
        "drifted": drift[0] if drift else "",
        "much": drift is not None and drift[1] > MUCH,
    }


def _scores(scores: Mapping[str, float], first: str) -> str:
    """Each with its name, but for a measure that is that of the column."""
    told = [
        f"{'' if name == first else name.removeprefix('mae_')} {_number(name, value)}".strip()
        for name, value in list(scores.items())[:MOST_SCORES]
    ]
    return ", ".join(told) + (", …" if len(scores) > MOST_SCORES else "")


def _number(name: str, value: float) -> str:
    return f"{value:.1%}" if name == "accuracy" else short(value)


def short(value: float) -> str:
    """A number without more digits than it takes to compare it."""
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"


def _agreement(shadow: Agreement) -> str:
    """How like those of the version that callers got its answers are."""
    said = [f"{shadow.answers:,} answers"]
    if "accuracy" in shadow.score:
        said.append(f"{shadow.score['accuracy']:.1%} the same")
    elif shadow.score:
        said.append(f"{_scores(shadow.score, 'mae')} apart")
    if shadow.failed:
        said.append(f"{shadow.failed:,} failed")
    return ", ".join(said)


def _milliseconds(time: float | None) -> str:
    return "" if time is None else f"{short(time)} ms"

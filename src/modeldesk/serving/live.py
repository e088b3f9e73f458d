"""Figures of versions of the model in use, from the newest predictions of each."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..ml.drift import stability_index
from ..ml.versions import metrics_of, shadow_version, versions
from .log import Outcome, Query, Recent
from .narrowing import narrowed
from .service import Service
from .summaries import Totals

RECENT = 500  # predictions of a version that are looked at, and fewer of many features:
MOST_VALUES, FEWEST = 200_000, 100

Pairs = Sequence[tuple[Any, Any]]  # what was predicted, and what it is held against


@dataclass(frozen=True, slots=True)
class Agreement:
    """How like those of the version that was served the answers of its shadow were.

    Of `answers`, so many `failed`; of the others `score` is as that of `Live`.
    """

    answers: int
    failed: int
    score: dict[str, float]


@dataclass(frozen=True, slots=True)
class Live:
    """A version in use: `predictions` are all that it made, a `share` of those of all versions.

    `median_ms` and `p95_ms` are the milliseconds that it took for a request, over the `recent`
    predictions. `score` is the accuracy, or the mean absolute error of each number, over those of
    the newest with an outcome, so many `outcomes`; once all are removed, over these.
    `drift` has the feature that changed most since training, and its stability index.
    """

    predictions: int
    share: float
    recent: int = 0
    median_ms: float | None = None
    p95_ms: float | None = None
    outcomes: int = 0
    score: Mapping[str, float] | None = None
    shadow: Agreement | None = None
    drift: tuple[str, float] | None = None


def known_versions(service: Service, counts: Mapping[str, int]) -> list[str]:
    """The version that is served, its shadow, those on disk, newest first, and gone ones."""
    root = service.deployment.root
    gone = sorted(counts, key=lambda version: -counts[version])
    known = [service.predictor.version, shadow_version(root), *versions(root), *gone]
    return list(dict.fromkeys(version for version in known if version))


def live(
    service: Service, shown: Sequence[str], made: Counter[str], past: Mapping[str, Totals]
) -> dict[str, Live]:
    """The figures of some versions, by two queries for each; `made` are the counts of all."""
    total = made.total() or 1
    found: dict[str, Live] = {}
    beside: dict[str, list[Recent]] = defaultdict(list)
    for version in shown:
        found[version] = Live(made[version], made[version] / total)
        if not made[version]:
            continue
        of_it = narrowed(service.log, Query(model_version=version))
        of_it = of_it and replace(of_it, limit=_most(service))
        recent = service.log.recent(of_it) if of_it else []
        told = service.log.outcomes(of_it) if of_it else []
        found[version] = _figures(found[version], recent, told, past.get(version, Totals()))
        drift = _drift(service.deployment.root, version, recent)
        found[version] = replace(found[version], drift=drift)
        for record in recent:
            if record.shadow:
                beside[record.shadow["version"]].append(record)
    agreed = {version: _agreement(records) for version, records in beside.items()}
    return {version: replace(one, shadow=agreed.get(version)) for version, one in found.items()}


def _most(service: Service) -> int:
    return min(RECENT, max(FEWEST, MOST_VALUES // len(service.signature.features)))


def _figures(counted: Live, recent: list[Recent], told: list[Outcome], past: Totals) -> Live:
    if recent:
        times = [record.duration_ms for record in recent]
        median, p95 = np.quantile(times, [0.5, 0.95]).tolist()
        counted = replace(counted, recent=len(recent), median_ms=median, p95_ms=p95)
    if not told:
        return replace(counted, outcomes=past.with_feedback, score=_past_score(past))
    pairs = [(one.value, one.actual) for one in told]
    of_classes = any(one.label is not None for one in told)
    return replace(counted, outcomes=len(pairs), score=_score(pairs, of_classes=of_classes))


def _past_score(past: Totals) -> dict[str, float]:
    known = past.with_feedback or 1
    if past.labels:
        return {"accuracy": past.correct / known}
    names = {name: "mae" if name == "value" else f"mae_{name}" for name in past.errors}
    return {names[name]: error / known for name, error in past.errors.items()}


def _agreement(records: list[Recent]) -> Agreement:
    """Of records that all have an answer of the same shadow."""
    answers = [(record.value, record.shadow) for record in records if record.shadow]
    pairs = [(value, answer["value"]) for value, answer in answers if "value" in answer]
    of_classes = any(record.label is not None for record in records)
    return Agreement(len(answers), len(answers) - len(pairs), _score(pairs, of_classes=of_classes))


def _score(pairs: Pairs, *, of_classes: bool) -> dict[str, float]:
    """The accuracy, or the mean absolute error of what are numbers on both sides; each target's."""
    if of_classes and pairs:
        return {"accuracy": float(np.mean([one == other for one, other in pairs]))}
    errors: dict[str, list[float]] = defaultdict(list)
    for pair in pairs:
        one, other = ({"": value} if not isinstance(value, dict) else value for value in pair)
        for name in one.keys() & other.keys():
            if all(type(side[name]) in (int, float) for side in (one, other)):
                errors[f"mae_{name}".rstrip("_")].append(abs(one[name] - other[name]))
    return {name: float(np.mean(found)) for name, found in sorted(errors.items())}


def _drift(root: Path, version: str, recent: list[Recent]) -> tuple[str, float] | None:
    """None for few predictions, or where the training is not known."""
    trained = metrics_of(root / version).get("profile", {})
    indices = {
        name: stability_index(bins, [record.inputs.get(name) for record in recent])
        for name, bins in trained.items()
    }
    known = {name: index for name, index in indices.items() if index is not None}
    worst = max(known, key=known.__getitem__, default=None)
    return None if worst is None else (worst, known[worst])

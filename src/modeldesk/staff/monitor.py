"""The live monitor: what the service does now, as events for a page that draws them."""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from ..ml.drift import ENOUGH, stability_index
from ..ml.signature import class_label
from ..serving.answers import to_json
from ..serving.log import LogUnavailable, Outcome, Query, Recent
from ..serving.metrics import registry
from ..serving.service import Service
from ..serving.size import THREADS
from .records import MOST_FEATURES, number_of

EVERY = 2.0  # seconds between two events
EVENTS = 5  # of one stream; the browser then asks for the next one
STREAMS = threading.Semaphore(max(1, THREADS // 3))  # of a worker; each holds a thread of it
RECENT = 1000  # predictions that are looked at, and fewer of a model of many features:
MOST_VALUES = 200_000
WINDOW = 50  # outcomes behind one point of the rolling score
POINTS = 60
BARS = 12


@dataclass
class Traffic:
    """Counts since the start: requests by status, times to answer by upper bound, faults."""

    requests: Counter[str] = field(default_factory=Counter)
    latency: Counter[float] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    at: float = field(default_factory=time.monotonic)

    @classmethod
    def now(cls) -> "Traffic":
        """The counts of all workers, without the admin's own requests."""
        found = cls()
        for sample in (sample for family in registry().collect() for sample in family.samples):
            labels, value = sample.labels, int(sample.value)
            if labels.get("route", "").startswith("/admin"):
                continue
            if sample.name == "http_requests_total":
                found.requests[f"{labels['status'][0]}xx"] += value
            elif sample.name == "http_request_duration_seconds_bucket":
                found.latency[float(labels["le"])] += value
            elif sample.name == "prediction_faults_total":
                found.faults[labels["type"]] += value
        return found

    def since(self, before: "Traffic | None") -> dict[str, Any]:
        """Figures of the time since `before`, in seconds and milliseconds; counts of all time.

        Without `before` there is no rate.
        """
        earlier = before or Traffic()
        answered = self.requests.total() - earlier.requests.total()
        new = {bound: count - earlier.latency[bound] for bound, count in self.latency.items()}
        return {
            "requests": dict(self.requests),
            "faults": dict(self.faults.most_common(BARS)),
            "per_second": answered / (self.at - earlier.at) if before else None,
            "latency_ms": {f"p{share}": _quantile(new, share / 100) for share in (50, 95)},
        }


def _quantile(cumulative: dict[float, int], share: float) -> float | None:
    """The upper bound of the bucket that holds this share of the times, in milliseconds."""
    bounds = sorted(bound for bound in cumulative if bound != float("inf"))
    total = cumulative.get(float("inf"), 0)
    if not total or not bounds:
        return None
    reached = (bound for bound in bounds if cumulative[bound] >= share * total)
    return next(reached, bounds[-1]) * 1000


def figures(service: Service) -> dict[str, Any]:
    """Figures of the newest predictions and of those with an outcome, all versions together but
    for drift.
    """
    most = min(RECENT, max(ENOUGH, MOST_VALUES // len(service.signature.features)))
    recent = service.log.recent(Query(limit=most))
    known = service.log.outcomes(Query(limit=most))
    with_feedback = sum(record.told for record in recent)
    return {
        "predictions": len(recent),
        "outputs": _outputs(service, recent),
        "outputs_of": _outputs_of(service),
        "feedback_share": with_feedback / len(recent) if recent else None,
        "score": {"name": _score_name(service), "points": rolling_score(service, known)},
        "drift": _largest(drift(service, recent)),
    }


def _largest(indices: dict[str, float | None]) -> dict[str, float | None]:
    """Of many features those that drifted most, in their order."""
    chosen = {*sorted(indices, key=lambda name: -(indices[name] or 0))[:MOST_FEATURES]}
    return {name: index for name, index in indices.items() if name in chosen}


def _outputs(service: Service, records: Sequence[Recent]) -> dict[str, int]:
    """How many predictions gave each (first) class, or fell into each range of the number."""
    output = service.signature.output
    first = output.parts[0]
    if first.classes:
        given = [number_of(r.value, first.name) if output.targets else r.value for r in records]
        counts = Counter(map(class_label, given))
        return {text: counts[label] for label, text in first.choices}
    values = [numbers[0] for record in records if (numbers := _numbers(service, record.value))]
    if not values:
        return {}
    heights, edges = np.histogram(values, min(BARS, len(set(values))))
    names = [f"{low:.4g} to {high:.4g}" for low, high in pairwise(edges)]
    return dict(zip(names, heights.tolist(), strict=True))


def _outputs_of(service: Service) -> str:
    """What these are of; of several targets it is the first."""
    targets = service.signature.output.targets
    return f"What was predicted: {targets[0].label}" if targets else "What was predicted"


def _numbers(service: Service, value: Any) -> list[float]:
    """The numbers of a value, one a target; none if it is of a model that gave something else."""
    output = service.signature.output
    found = value if isinstance(value, dict) else {output.name: value}
    numbers: list[Any] = [found.get(target.name) for target in output.targets or [output]]
    return [] if any(type(one) not in (int, float) for one in numbers) else numbers


def _score_name(service: Service) -> str:
    if service.signature.output.of_classes:
        return "Share that was right"
    several = service.signature.output.targets
    return "Mean absolute error, in ranges of each target" if several else "Mean absolute error"


def rolling_score(service: Service, known: Sequence[Outcome]) -> list[float]:
    """The score of each run of WINDOW outcomes, oldest first; of all, while they are fewer.

    The error of each of several targets is divided by its range in training, so that their mean
    says something.
    """
    pairs = [(one.value, one.actual) for one in known]
    if service.signature.output.of_classes:
        scores = [float(value == actual) for value, actual in pairs]
    else:
        found = [[_numbers(service, part) for part in pair] for pair in pairs]
        targets = service.signature.output.targets or []
        sizes = [(t.max or 0) - (t.min or 0) or 1 for t in targets] or [1]
        scores = [
            float(np.mean(np.abs(np.subtract(value, actual)) / sizes))
            for value, actual in found
            if value and actual
        ]
    scores.reverse()
    if not scores:
        return []
    width = min(WINDOW, len(scores))
    means = np.convolve(scores, np.full(width, 1 / width), mode="valid")
    return [float(mean) for mean in means[-POINTS:]]


def drift(service: Service, records: Sequence[Recent]) -> dict[str, float | None]:
    """The stability index of each feature over the records of this version, which knows its
    training; {} without a training profile.
    """
    trained = service.predictor.artifact.metrics.get("profile", {})
    rows = [r.inputs for r in records if r.model_version == service.predictor.version]
    return {
        name: stability_index(bins, [row.get(name) for row in rows])
        for name, bins in trained.items()
    }


def events(service: Service) -> Iterator[bytes]:
    """Server-sent events with all figures, for a while; then the browser asks again.

    Only so many streams go on at a time, that they leave threads for other requests; one more
    gets a single event.
    """
    yield b"retry: 2000\n\n"
    goes_on = STREAMS.acquire(blocking=False)
    try:
        before: Traffic | None = None
        for turn in range(EVENTS if goes_on else 1):
            if turn:
                time.sleep(EVERY)
            traffic = Traffic.now()
            content = traffic.since(before)
            try:
                content |= figures(service)
            except LogUnavailable:
                content["unavailable"] = True
            yield b"data: " + to_json(content) + b"\n\n"
            before = traffic
    finally:
        if goes_on:
            STREAMS.release()

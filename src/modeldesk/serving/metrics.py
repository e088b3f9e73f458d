"""Prometheus metrics, gathered over all workers when `serve` runs several."""

import os

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)

from .answers import Answer, Problem
from .metrics_files import FAULT, FOLDER

MOST = 1000  # series of predictions in a worker

REQUESTS = Counter("http_requests", "Requests answered", ["method", "route", "status"])
LATENCY = Histogram("http_request_duration_seconds", "Time to answer", ["method", "route"])
PREDICTIONS = Counter("predictions", "Predictions made", ["model_version", "label"])
FAULTS = Counter("prediction_faults", "Faults found in instances", ["type"])


_predictions: dict[tuple[str, str], Counter] = {}


def predictions(version: str, label: str) -> Counter:
    """What counts the predictions of a version with a label; looked up once."""
    key = version, label
    found = _predictions.get(key)
    if found is None:
        if len(_predictions) >= MOST:
            key = "other", "other"
        found = _predictions[key] = PREDICTIONS.labels(*key)
    return found


def registry() -> CollectorRegistry:
    """What holds the metrics of all workers."""
    if FOLDER not in os.environ:
        return REGISTRY
    gathered = CollectorRegistry()
    multiprocess.MultiProcessCollector(gathered)
    return gathered


def render() -> Answer:
    """All metrics in the text format of Prometheus.

    Raises:
        Problem: 503 when one worker cannot know those of the others.
    """
    try:
        if fault := os.environ.get(FAULT):
            raise OSError(fault)
        return Answer(200, generate_latest(registry()), CONTENT_TYPE_LATEST)
    except (OSError, ValueError) as error:  # the latter without the folder
        mend = "restart the service with room for its files"
        reason = f"The metrics of all workers cannot be gathered ({error}); {mend}."
        raise Problem(503, reason, outage=str(error)) from None

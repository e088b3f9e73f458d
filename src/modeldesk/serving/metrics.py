"""Prometheus metrics, gathered over all workers when `serve` runs several."""

import os
from functools import lru_cache

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)

from .answers import Answer

REQUESTS = Counter("http_requests", "Requests answered", ["method", "route", "status"])
LATENCY = Histogram("http_request_duration_seconds", "Time to answer", ["method", "route"])
PREDICTIONS = Counter("predictions", "Predictions made", ["model_version", "label"])
FAULTS = Counter("prediction_faults", "Faults found in instances", ["type"])


@lru_cache(1000)
def predictions(version: str, label: str) -> Counter:
    """What counts the predictions of a version with a label; looked up once."""
    return PREDICTIONS.labels(version, label)


def registry() -> CollectorRegistry:
    """What holds the metrics of all workers."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    gathered = CollectorRegistry()
    multiprocess.MultiProcessCollector(gathered)
    return gathered


def render() -> Answer:
    """All metrics in the text format of Prometheus."""
    return Answer(200, generate_latest(registry()), CONTENT_TYPE_LATEST)

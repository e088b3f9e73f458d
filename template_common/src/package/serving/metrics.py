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

from .answers import Answer

REQUESTS = Counter("http_requests", "Requests answered", ["method", "route", "status"])
LATENCY = Histogram("http_request_duration_seconds", "Time to answer", ["method", "route"])
PREDICTIONS = Counter("predictions", "Predictions made", ["model_version", "label"])
FAULTS = Counter("prediction_faults", "Faults found in instances", ["type"])


def render() -> Answer:
    """All metrics in the text format of Prometheus."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
    return Answer(200, generate_latest(registry), CONTENT_TYPE_LATEST)

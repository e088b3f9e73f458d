"""Metrics move with what happens."""

from collections import Counter
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families as parse

from .asking import Instance, Predict

FEEDBACK = "/api/v1/predictions/<record_id>/feedback"


def measure(client: httpx.Client) -> Counter[tuple[str, ...]]:
    """Every sample, by its name and the values of its labels."""
    text = client.get("/metrics").text
    return Counter(
        {
            (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
            for family in parse(text)
            for sample in family.samples
        }
    )


def test_the_format(client: httpx.Client) -> None:
    assert client.get("/metrics").headers["Content-Type"].startswith("text/plain; version=")


def test_predictions_by_version_and_class(
    client: httpx.Client, predict: Predict, model: dict[str, Any], good: Instance
) -> None:
    before = measure(client)
    value = predict(good, good, good).json()["predictions"][0]["value"]
    label = str(value) if model["output"]["classes"] else ""
    gained = measure(client) - before
    assert gained["predictions_total", label, model["version"]] >= 3
    route = "/api/v1/predict"
    assert gained["http_requests_total", "POST", route, "200"] >= 1
    assert gained["http_request_duration_seconds_count", "POST", route] >= 1
    assert 0 < gained["http_request_duration_seconds_sum", "POST", route] < 60


def test_faults_by_kind(client: httpx.Client, predict: Predict, good: Instance) -> None:
    before = measure(client)
    predict(good | {"no such": 1, "nor this": 2})
    gained = measure(client) - before
    assert gained["prediction_faults_total", "extra_forbidden"] >= 2
    assert gained["http_requests_total", "POST", "/api/v1/predict", "422"] >= 1


def test_a_series_for_each_route_and_not_for_each_path(
    client: httpx.Client, record_id: str
) -> None:
    before = measure(client)
    client.post(f"/api/v1/predictions/{record_id}/feedback", json={})
    client.get("/none/4711")
    after = measure(client)
    gained = after - before
    assert gained["http_requests_total", "POST", FEEDBACK, "422"] >= 1
    assert gained["http_requests_total", "GET", "unmatched", "404"] >= 1
    assert not any(record_id in label or "4711" in label for series in after for label in series)


def test_no_series_for_invented_methods(client: httpx.Client) -> None:
    client.request("BREW4711", "/healthz")
    assert not any("BREW4711" in series for series in measure(client))

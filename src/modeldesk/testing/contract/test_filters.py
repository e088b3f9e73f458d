"""Filters of the prediction log over HTTP: exact, combined, and kept from page to page."""

from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from .asking import Instance, Predict

ADDRESS = "/api/v1/predictions"
MICROSECOND = timedelta(microseconds=1)


def listed(client: httpx.Client, **filters: Any) -> list[dict[str, Any]]:
    """All entries that match, read page by page."""
    page = client.get(ADDRESS, params=filters).json()
    entries = list(page["predictions"])
    while page["next"]:
        page = client.get(page["next"]).json()
        entries += page["predictions"]
    return entries


def ids(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["id"] for entry in entries]


def label(value: Any) -> str:
    """A class as the filter names it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.fixture
def made(client: httpx.Client, predict: Predict, good: Instance) -> list[dict[str, Any]]:
    """The entries of three new predictions, each made in a request of its own."""
    new = [predict(good).json()["predictions"][0]["id"] for _ in range(3)]
    return [client.get(f"{ADDRESS}/{identifier}").json() for identifier in new]


def test_moments(client: httpx.Client, made: list[dict[str, Any]]) -> None:
    first, second, third = (datetime.fromisoformat(entry["created_at"]) for entry in made)
    for since, until, expected in [
        (first, third + MICROSECOND, [0, 1, 2]),
        (first, third, [0, 1]),
        (first + MICROSECOND, third + MICROSECOND, [1, 2]),
        (second, second + MICROSECOND, [1]),
        (second + MICROSECOND, third, []),
        (third, first, []),
    ]:
        for zone in (0, 5.75, -9.5):
            there = timezone(timedelta(hours=zone))
            filters = {
                "since": since.astimezone(there).isoformat(),
                "until": until.astimezone(there).isoformat(),
            }
            found = ids(listed(client, **filters, limit=2))
            assert [entry["id"] in found for entry in made] == [i in expected for i in range(3)]
            assert found == sorted(found, reverse=True)


def test_classes(client: httpx.Client, model: dict[str, Any], made: list[dict[str, Any]]) -> None:
    since = made[0]["created_at"]
    known = [label(value) for value in model["output"]["classes"] or []]
    entries = {name: listed(client, since=since, label=name) for name in known}
    for name, found in entries.items():
        assert all(label(entry["value"]) == name for entry in found)
    if known:
        assert set(ids(made)) <= {identifier for e in entries.values() for identifier in ids(e)}
    for name in {"", "none of them", *(f"{name} " for name in known)} - set(known):
        assert listed(client, since=since, label=name) == []


def test_versions(client: httpx.Client, model: dict[str, Any], made: list[dict[str, Any]]) -> None:
    since, version = made[0]["created_at"], model["version"]
    found = listed(client, since=since, model_version=version)
    assert set(ids(made)) <= set(ids(found))
    assert all(entry["model_version"] == version for entry in found)
    for other in ("", "none", version[:-1], f"{version} "):
        assert listed(client, since=since, model_version=other) == []


def test_feedback(client: httpx.Client, made: list[dict[str, Any]]) -> None:
    since = made[0]["created_at"]
    told = made[1]["id"]
    client.post(f"{ADDRESS}/{told}/feedback", json={"actual": made[1]["value"]})
    with_feedback = listed(client, since=since, has_feedback="true")
    assert told in ids(with_feedback)
    assert all(entry["feedback"] for entry in with_feedback)
    without = listed(client, since=since, has_feedback="false")
    assert {made[0]["id"], made[2]["id"]} <= set(ids(without))
    assert not any(entry["feedback"] for entry in without)


def test_filters_are_kept_from_page_to_page(
    client: httpx.Client, model: dict[str, Any], made: list[dict[str, Any]]
) -> None:
    since = made[0]["created_at"].replace("Z", "+00:00")
    filters = {"has_feedback": "false", "since": since, "model_version": model["version"]}
    page = client.get(ADDRESS, params=filters | {"limit": "1"}).json()
    link = urlsplit(page["next"])
    expected = filters | {"limit": "1", "before": page["predictions"][-1]["id"]}
    assert link.path == ADDRESS
    assert dict(parse_qsl(link.query, strict_parsing=True)) == expected
    assert ids(listed(client, **filters, limit=1)) == ids(listed(client, **filters, limit=200))
    assert set(ids(made)) <= set(ids(listed(client, **filters, limit=2)))


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("since=yesterday", ["since"]),
        ("since=", ["since"]),
        ("since=2026-01-31", ["since"]),
        ("since=2026-01-31T09:30:00", ["since"]),
        ("since=2026-01-31T09:30:00+01:00", ["since"]),  # a plus is a blank
        ("since=2026-02-30T09:30:00Z", ["since"]),
        ("since=2026-01-31T24:30:00Z", ["since"]),
        ("since=2026-01-31T09:30:00.1234567Z", ["since"]),
        ("since=0001-01-01T00:00:00%2B01:00", ["since"]),
        ("until=9999-12-31T23:59:59-01:00", ["until"]),
        ("until=1767225600", ["until"]),
        ("until=%D9%A2026-01-31T09:30:00Z", ["until"]),  # an Arabic 2
        ("until=%00", ["until"]),
        ("has_feedback=", ["has_feedback"]),
        ("has_feedback=1", ["has_feedback"]),
        ("has_feedback=True", ["has_feedback"]),
        ("label=%00", ["label"]),
        ("label=" + "x" * 256, ["label"]),
        ("model_version=a%00", ["model_version"]),
        ("model_version=" + "x" * 65, ["model_version"]),
        ("lable=dear", ["lable"]),
        ("until=now&limit=x&since=now&lable=", ["limit", "since", "until", "lable"]),
    ],
)
def test_bad_filters(client: httpx.Client, query: str, places: list[str]) -> None:
    response = client.get(f"{ADDRESS}?{query}")
    assert response.status_code == 422
    assert [fault["loc"] for fault in response.json()["errors"]] == [[p] for p in places]


@pytest.mark.parametrize(
    "query",
    [
        *("label=", "label=%ff", "label=%F0%9F%98%80%20'%22%25_%5B%5C%20", "model_version="),
        *("since=0001-01-01T00:00:00Z", "until=9999-12-31T23:59:59.999999Z"),
        "since=2026-01-31T09:30Z&until=2026-01-31T09:30:00.5-11:00",
    ],
)
def test_unusual_filters(client: httpx.Client, query: str) -> None:
    assert client.get(f"{ADDRESS}?{query}&limit=1").status_code == 200

"""Feedback: the true outcome of a prediction, told once."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest


def send(client: httpx.Client, record_id: str, **content: Any) -> httpx.Response:
    headers = {"Content-Type": "application/json"}
    address = f"/api/v1/predictions/{record_id}/feedback"
    return client.post(address, content=json.dumps(content).encode(), headers=headers)


@pytest.mark.parametrize(
    "comment", [None, "", "as it was", "é 漢字 😀 <b> \u2028 \\ \"'\r\n", "c" * 2000]
)
def test_feedback_is_kept(
    client: httpx.Client, record_id: str, outcome: Any, comment: str | None
) -> None:
    before = client.get(f"/api/v1/predictions/{record_id}").json()
    given = {} if comment is None else {"comment": comment}
    response = send(client, record_id, actual=outcome, **given)
    assert response.status_code == 200
    feedback = response.json()["feedback"]
    assert (feedback["actual"], feedback["comment"]) == (outcome, comment or "")
    age = datetime.now(UTC) - datetime.fromisoformat(feedback["created_at"])
    assert abs(age) < timedelta(minutes=5)
    assert response.json() == before | {"feedback": feedback}
    assert client.get(f"/api/v1/predictions/{record_id}").json() == response.json()


def test_feedback_is_given_once(client: httpx.Client, record_id: str, outcome: Any) -> None:
    kept = send(client, record_id, actual=outcome, comment="first").json()
    response = send(client, record_id, actual=outcome, comment="second")
    assert response.status_code == 409
    assert client.get(f"/api/v1/predictions/{record_id}").json() == kept


@pytest.mark.parametrize("actual", [None, [1], {"a": 1}, "no such class", float("nan"), 10**400])
def test_an_outcome_the_model_cannot_have(
    client: httpx.Client, record_id: str, actual: Any
) -> None:
    response = send(client, record_id, actual=actual)
    assert response.status_code == 422
    assert {fault["loc"][0] for fault in response.json()["errors"]} == {"actual"}
    assert client.get(f"/api/v1/predictions/{record_id}").json()["feedback"] is None


def test_an_outcome_of_another_type(
    client: httpx.Client, model: dict[str, Any], record_id: str
) -> None:
    # True is no 1 and "1" is no 1, whichever of them the model knows.
    known = model["output"]["classes"] or [1, 0.5]
    for value in (True, "1", 1, 1.5, ""):
        if not any(type(value) is type(one) for one in known):
            assert send(client, record_id, actual=value).status_code == 422


@pytest.mark.parametrize("comment", [None, 5, ["text"], "c" * 2001])
def test_a_bad_comment(client: httpx.Client, record_id: str, outcome: Any, comment: Any) -> None:
    response = send(client, record_id, actual=outcome, comment=comment)
    assert response.status_code == 422
    assert [fault["loc"] for fault in response.json()["errors"]] == [["comment"]]


def test_every_fault_is_named(client: httpx.Client, record_id: str, outcome: Any) -> None:
    response = send(client, record_id, actual=[], comment=5)
    assert [fault["loc"] for fault in response.json()["errors"]] == [["actual"], ["comment"]]
    response = send(client, record_id, actual=outcome, colour="red", note="")
    assert [fault["loc"] for fault in response.json()["errors"]] == [["colour"], ["note"]]

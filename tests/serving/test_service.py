"""What the API answers, with accounts and without, above any database and framework."""

import json
import logging
import re
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from jsonschema import Draft202012Validator
from modeldesk.ml.answered import NotFinite
from modeldesk.ml.predictor import Predictor
from modeldesk.ml.validation import InvalidInstances
from modeldesk.serving import log
from modeldesk.serving.answers import HEALTH, Problem, as_problem
from modeldesk.serving.callers import PREDICT, SEE_ALL, Caller, current_caller
from modeldesk.serving.log import BufferFull, LogUnavailable, Query
from modeldesk.serving.service import ROUTES
from modeldesk.serving.settings import Settings
from modeldesk.serving.writers import BufferedWriter, DurableWriter
from modeldesk.testing import models

from .desk import ROW, Desk

pytestmark = pytest.mark.usefixtures("nobody_asks")
ANNE, BERT = Caller("a", frozenset({PREDICT})), Caller("b", frozenset({PREDICT}))
STAFF = Caller("s", frozenset({PREDICT, SEE_ALL}))
NOBODY_MAY = Caller("n", frozenset())
OPEN = HEALTH | {"/openapi.json"}  # to whoever comes by
UNKNOWN = "00000000-0000-7000-8000-000000000000"


class WithAccounts(Settings):
    auth: ClassVar[bool] = True


@pytest.fixture
def desk(small_model: Path) -> Desk:
    """Without accounts."""
    return Desk(small_model, Settings)


@pytest.fixture
def guarded(small_model: Path) -> Desk:
    """With accounts."""
    return Desk(small_model, WithAccounts)


PATHS = [re.sub(r"<(\w+:)?\w+>", "x", path) for path in ROUTES]


@pytest.mark.parametrize("path", PATHS)
def test_who_may_ask(desk: Desk, guarded: Desk, path: str) -> None:
    needed = None if path in OPEN else SEE_ALL if path == "/metrics" else PREDICT
    for by in (None, NOBODY_MAY, ANNE, STAFF):
        assert desk.ask(path, by=by).status not in (401, 403)
        answer = guarded.ask(path, by=by)
        if needed and by is None:
            assert answer.status == 401
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert "Authorization: Bearer <token>" in json.loads(answer.body)["detail"]
        elif needed and by and not by.may(needed):
            assert answer.status == 403
            assert "no role that allows this" in json.loads(answer.body)["detail"]
        else:
            assert answer.status not in (401, 403)
    assert not desk.log.records
    assert not guarded.log.records


def test_a_prediction_is_whose_it_is(desk: Desk, guarded: Desk) -> None:
    for where, by, owner in ((desk, None, None), (desk, ANNE, None), (guarded, ANNE, "a")):
        record = where.log.records[where.predict(by)]
        assert record.user_id == owner
        assert record.inputs == ROW
        assert (record.value, record.request_id) == (record.label, "request-7")
        assert record.model_version == where.service.predictor.version
        assert set(record.probabilities or {}) == {"cheap", "dear"}


def test_callers_see_their_own_and_staff_see_all(guarded: Desk) -> None:
    ours, theirs = guarded.predict(ANNE), guarded.predict(BERT)
    assert guarded.listed(ANNE) == [ours]
    assert guarded.listed(BERT) == [theirs]
    assert guarded.listed(STAFF) == [theirs, ours]
    for by, one, status in (
        (ANNE, ours, 200),
        (ANNE, theirs, 404),
        (STAFF, ours, 200),
        (STAFF, theirs, 200),
        (STAFF, UNKNOWN, 404),
        (STAFF, "%", 404),
    ):
        assert guarded.ask(f"/api/v1/predictions/{one}", by=by).status == status
    guarded.log.disown("a")
    assert guarded.listed(ANNE) == []
    assert guarded.ask(f"/api/v1/predictions/{ours}", by=ANNE).status == 404
    assert guarded.listed(STAFF) == [theirs, ours]


def test_a_page_asked_for_in_code_is_the_callers_own(guarded: Desk) -> None:
    """Pages of the project ask with what its reader typed, which names nobody else."""
    ours, theirs = guarded.predict(ANNE), guarded.predict(BERT)
    for by, shown in ((ANNE, [ours]), (STAFF, [theirs, ours])):
        current_caller.set(by)
        for query in (Query(), Query(user_id="b")):
            assert [record.id for record in guarded.service.page(query)] == shown
        assert guarded.service.may_see_all() == (by is STAFF)
    current_caller.set(None)
    with pytest.raises(Problem, match="Log in"):
        guarded.service.page(Query())


def test_without_accounts_everybody_sees_all(desk: Desk) -> None:
    first, second = desk.predict(), desk.predict(ANNE)
    assert desk.listed() == desk.listed(BERT) == [second, first]
    assert desk.service.may_see_all()
    assert desk.ask(f"/api/v1/predictions/{first}").status == 200


@pytest.mark.parametrize("protocol", ["/v1/models/houses:predict", "/invocations"])
def test_other_protocols_tell_whose_it_is(desk: Desk, guarded: Desk, protocol: str) -> None:
    for where, owner in ((desk, None), (guarded, "a")):
        assert where.ask(protocol, {"instances": [ROW]}, by=ANNE).status == 200
        assert [record.user_id for record in where.log.records.values()] == [owner]


def test_pages_follow_one_another(desk: Desk) -> None:
    made = [desk.predict() for _ in range(3)]
    answer = json.loads(desk.ask("/api/v1/predictions", limit="2").body)
    assert [entry["id"] for entry in answer["predictions"]] == [made[2], made[1]]
    assert answer["next"] == f"/api/v1/predictions?limit=2&before={made[1]}"
    assert desk.listed(limit="2", before=made[1]) == [made[0]]
    assert json.loads(desk.ask("/api/v1/predictions").body)["next"] is None


def test_outcomes_are_given_once_and_by_those_who_see_it(guarded: Desk) -> None:
    one = guarded.predict(ANNE)
    path, told = f"/api/v1/predictions/{one}/feedback", {"actual": "dear", "comment": "sold"}
    assert guarded.ask(path, told, by=BERT).status == 404
    assert guarded.log.records[one].feedback is None
    assert guarded.ask(path, {"actual": "free"}, by=ANNE).status == 422
    answer = guarded.ask(path, told, by=ANNE)
    assert answer.status == 200
    assert json.loads(answer.body)["feedback"].items() >= told.items()
    again = guarded.ask(path, {"actual": "cheap"}, by=STAFF)
    assert (again.status, json.loads(again.body)["title"]) == (409, "Conflict")
    feedback = guarded.log.records[one].feedback
    assert feedback
    assert (feedback.actual, feedback.comment) == ("dear", "sold")


def test_an_outcome_fits_the_version_that_predicted(desk: Desk, small_regression: Path) -> None:
    """One that is gone is taken for like the one that is served."""
    one = desk.predict()
    other = Desk(small_regression, Settings)
    other.log.records = desk.log.records
    path = f"/api/v1/predictions/{one}/feedback"
    assert desk.ask(path, {"actual": 5.5}).status == 422
    assert other.ask(path, {"actual": "dear"}).status == 422
    assert other.ask(path, {"actual": 5.5}).status == 200


def test_the_log_fits_the_document_whatever_version_made_it(
    tmp_path: Path, small_model: Path, small_regression: Path
) -> None:
    models.publish_small_targets(tmp_path / "targets")
    models.publish_small_detector(tmp_path / "detector")
    desks = [Desk(small_model, Settings), Desk(small_regression, Settings)]
    desks += [Desk(tmp_path / name, Settings) for name in ("targets", "detector")]
    for made in desks:
        made.log.records = desks[0].log.records
        examples = json.loads(made.ask("/openapi.json").body)["components"]["examples"]
        answer = made.ask("/api/v1/predict", examples["PredictRequest"]["value"])
        (prediction,) = json.loads(answer.body)["predictions"]
        given = f"/api/v1/predictions/{prediction['id']}/feedback"
        assert made.ask(given, {"actual": prediction["value"]}).status == 200
    for served in desks:
        document = json.loads(served.ask("/openapi.json").body)
        answers = document["paths"]["/api/v1/predictions"]["get"]["responses"]
        schema = answers["200"]["content"]["application/json"]["schema"]
        content = json.loads(served.ask("/api/v1/predictions").body)
        assert len(content["predictions"]) == len(desks)
        rooted = schema | {"components": document["components"]}
        Draft202012Validator(rooted).validate(content)


def test_what_is_wrong_is_told(desk: Desk) -> None:
    answer = desk.ask("/api/v1/predict", {"instances": [ROW | {"rooms": "two"}, {}]})
    problem = json.loads(answer.body)
    assert (answer.status, answer.content_type) == (422, "application/problem+json")
    assert problem["request_id"] == "request-7"
    assert problem["errors"][0]["loc"] == ["instances", 0, "rooms"]
    assert f"{len(problem['errors'])} values are not valid." == problem["detail"]
    assert problem["error"].startswith(problem["detail"])
    assert not desk.log.records


def test_while_the_log_is_away_nothing_is_answered(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    one = desk.predict()
    desk.log.away = True
    for path, content in (
        ("/api/v1/predict", {"instances": [ROW]}),
        ("/api/v1/predictions", None),
        (f"/api/v1/predictions/{one}", None),
        (f"/api/v1/predictions/{one}/feedback", {"actual": "dear"}),
        ("/readyz", None),
        ("/v2/health/ready", None),
    ):
        answer = desk.ask(path, content)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5"), path
        assert b"db.example.com" not in answer.body
    assert "no route to host" in caplog.text
    assert desk.ask("/healthz").status == 200
    desk.log.away = False
    assert desk.ask("/readyz").status == 200
    assert list(desk.log.records) == [one]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("database or disk is full", "its disk is full"),
        ("disk I/O error", "its disk fails"),
        ("attempt to write a readonly database", "it is read-only"),
        ("cannot execute INSERT in a read-only transaction", "it is read-only"),
        ("could not extend file: No space left on device", "its disk is full"),
        ("The table 'predictions' is full", "its disk is full"),
        ("permission denied for table predictions", "its user may not write"),
        ("INSERT command denied to user 'a'@'b' for table `c`.`d`", "its user may not write"),
        ("not authorized on app to execute command", "its user may not write"),
        ("The INSERT permission was denied on the object 'predictions'", "its user may not write"),
        ('Got error 28 "No space left on device" from storage engine', "its disk is full"),
    ],
)
def test_a_database_that_stores_nothing(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    said: str,
    why: str,
) -> None:
    """The reason is logged once, and the service is not ready until something is stored."""

    def full(*_: Any) -> None:
        raise LogUnavailable(said)

    desk.predict()
    caplog.set_level(logging.INFO)
    with monkeypatch.context() as patch:
        for name in ("add", "try_write"):
            patch.setattr(desk.log, name, full)
        for path, content in [("/api/v1/predict", {"instances": [ROW]}), ("/readyz", None)] * 3:
            answer = desk.ask(path, content)
            assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
            assert why in json.loads(answer.body)["detail"]
        (told,) = caplog.records
        assert said in told.getMessage()
        assert not told.exc_info
        assert desk.ask("/api/v1/predictions").status == 200
    assert desk.ask("/readyz").status == 200
    assert "stores predictions again" in caplog.records[-1].getMessage()
    assert len(caplog.records) == 2


def test_what_nobody_foresaw_is_logged_and_not_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("hunter2")

    monkeypatch.setattr(desk.log, "add", fail)
    with caplog.at_level(logging.ERROR):
        answer = desk.ask("/api/v1/predict", {"instances": [ROW]})
    assert answer.status == 500
    assert b"hunter2" not in answer.body
    assert "request id" in json.loads(answer.body)["detail"]
    assert "hunter2" in caplog.text


def test_how_predictions_are_written(small_model: Path) -> None:
    for how, writer in (("durable", DurableWriter), ("buffered", BufferedWriter)):
        assert type(Desk(small_model, Settings, prediction_log=how).service.writer) is writer


def test_rows_without_an_answer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """All or none are logged, but where each has an answer of its own."""
    real = Predictor.predict_each

    def second_fails(self: Predictor, rows: Any) -> list[Any]:
        return [NotFinite(1) if at == 1 else one for at, one in enumerate(real(self, rows))]

    monkeypatch.setattr(Predictor, "predict_each", second_fails)
    with pytest.raises(InvalidInstances) as caught:
        desk.service.record([ROW, ROW, ROW], "r")
    assert [fault.loc for fault in caught.value.faults] == [("instances", 1)]
    assert not desk.log.records
    first, failed, last = desk.service.record_each([ROW, ROW, ROW], "r")
    assert isinstance(failed, NotFinite)
    assert [*desk.log.records.values()] == [first, last]


def test_the_document_says_what_needs_a_token(desk: Desk, guarded: Desk) -> None:
    assert "securitySchemes" not in json.loads(desk.ask("/openapi.json").body)["components"]
    assert "securitySchemes" in json.loads(guarded.ask("/openapi.json").body)["components"]


def test_health_says_which_model_is_served(guarded: Desk) -> None:
    assert json.loads(guarded.ask("/healthz").body) == {"status": "alive"}
    ready = {"status": "ready", "model": guarded.service.model}
    assert json.loads(guarded.ask("/readyz").body) == ready
    assert (
        json.loads(guarded.ask("/api/v1/model", by=ANNE).body).items()
        >= {
            "name": "houses",
            "version": guarded.service.predictor.version,
            "task": "classification",
        }.items()
    )


def test_what_is_wrong_with_the_log_is_told() -> None:
    away = as_problem(LogUnavailable("db.example.com: no route to host"))
    full = as_problem(BufferFull("It is away, and 10000 predictions wait to be written."))
    assert away.status == full.status == 503
    assert away.headers == full.headers == {"Retry-After": "5"}
    assert "db.example.com" not in away.text
    assert away.text.endswith("Try again later. It does not answer.")
    assert full.text.endswith("It is away, and 10000 predictions wait to be written.")


def test_a_clock_that_was_set_back_does_not_part_a_moment_from_its_id(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert abs(log.made_at(log.new_id()) - log.now()) < timedelta(seconds=1)
    later = f"{int((time.time() + 3600) * 1000):012x}"
    found = f"{later[:8]}-{later[8:]}-7000-8000-000000000000"
    monkeypatch.setattr(log, "new_id", lambda: found)
    assert log.now() == log.made_at(found)

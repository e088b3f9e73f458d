"""A shadow: it answers what was logged since it was chosen, once, and callers never notice."""

import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import uuid_utils
from modeldesk.ml import Artifact, publish
from modeldesk.ml.predictor import Predictor
from modeldesk.ml.versions import (
    current_version,
    set_current,
    set_shadow,
    shadow,
    shadow_version,
)
from modeldesk.serving import keeper
from modeldesk.serving import shadow as follower
from modeldesk.serving.log import (
    Feedback,
    LogUnavailable,
    PredictionLog,
    Record,
    id_at,
)
from modeldesk.serving.replay import comparison
from modeldesk.serving.shadow import Follower
from modeldesk.serving.shadow_command import compare
from modeldesk.testing import waiting
from sklearn.linear_model import LogisticRegression

from . import models
from .framework import MIGRATE
from .records import MOMENT, check, record
from .running import manage

WITHIN = 30  # seconds
eventually = partial(waiting.eventually, within=WITHIN)
HOUSE = {"area": 95.5, "age": None, "rooms": 2, "garden": False, "heating": "oil"}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    return models.publish_small_model(tmp_path_factory.mktemp("artifacts"))


@pytest.fixture(scope="module")
def published(first: Artifact) -> Artifact:
    """The version that is to answer beside the first one."""
    X, y = models.houses()
    model = models.pipeline(LogisticRegression(C=0.05)).fit(X[:150], y[:150])
    root, features = first.path.parent, {"rooms": {"missing": False}}
    return publish(
        model, X[:150], y[:150], name="houses", features=features, promote=False, root=root
    )


@pytest.fixture
def root(first: Artifact, published: Artifact, tmp_path: Path) -> Path:
    """A folder with both versions, of which the second one has been the shadow for an hour."""
    root = Path(shutil.copytree(first.path.parent, tmp_path / "artifacts"))
    set_current(root, first.version)
    since = datetime.now(UTC) - timedelta(hours=1)
    (root / "shadow").write_text(f"{published.version} {since.isoformat()}\n")
    return root


def ago(**past: float) -> str:
    """An id of a record that was made that long ago."""
    moment = (datetime.now(UTC) - timedelta(**past)).timestamp()
    return str(uuid_utils.uuid7(int(moment), int(moment % 1 * 1e9)))


def house(**fields: Any) -> Record:
    usual = {"id": ago(minutes=5), "inputs": HOUSE, "value": "dear", "label": "dear"}
    return record(**usual | fields)


def following(root: Path, log: PredictionLog) -> Follower:
    """A follower as a new process has it."""
    found = shadow(root)
    assert found
    return Follower(root, found, Predictor.load(root, found.version), log)


def followed(root: Path, log: PredictionLog) -> None:
    """Let a new follower do all that there is to do."""
    one = following(root, log)
    while one.step():
        pass


def test_it_answers_what_is_asked_since_it_was_chosen(
    root: Path, published: Artifact, log: PredictionLog
) -> None:
    before = [house(id=ago(minutes=61)), house(id=ago(days=90))]
    asked = [HOUSE | {"area": 20.0 + i, "rooms": 1 + i % 8} for i in range(280)]
    since = [house(inputs=inputs, feedback=Feedback("cheap", "", MOMENT)) for inputs in asked]
    log.add([*since, *before])
    followed(root, log)
    kept = {one.id: one for one in log.scan("", 1000)}
    assert [kept[one.id] for one in before] == before
    answers = Predictor.load(root, published.version).predict(asked)
    assert {answer.value for answer in answers} == {"cheap", "dear"}
    for one, answer in zip(since, answers, strict=True):
        assert kept[one.id].shadow == {
            "version": published.version,
            "value": answer.value,
            # Among other rows they may differ in the last bits of 32.
            "probabilities": pytest.approx(answer.probabilities, abs=1e-5),
        }
        assert replace(kept[one.id], shadow=None) == one
        assert "shadow" not in kept[one.id].as_dict()


def test_its_own_predictions_are_let_be(
    root: Path, published: Artifact, log: PredictionLog
) -> None:
    own = house(model_version=published.version)
    log.add([own])
    followed(root, log)
    check(log, own)


def test_rows_that_it_refuses(root: Path, published: Artifact, log: PredictionLog) -> None:
    refused = [
        house(inputs={name: value for name, value in HOUSE.items() if name != "rooms"}),
        house(inputs=HOUSE | {"rooms": "two"}),
        house(inputs=HOUSE | {"area": 5.0, "cellar": True}),
    ]
    log.add([*refused, good := house()])
    followed(root, log)
    errors = {one.id: (one.shadow or {}).get("error") for one in log.scan("", 10)}
    assert errors[good.id] is None
    for one, words in zip(refused, ["Rooms is missing", "'two'", "'cellar'"], strict=True):
        assert words in str(errors[one.id])


def test_a_shadow_of_another_signature(
    root: Path, small_regression: Path, log: PredictionLog
) -> None:
    other = current_version(small_regression)
    assert other
    shutil.copytree(small_regression / other, root / other)
    since = datetime.now(UTC) - timedelta(hours=1)
    (root / "shadow").write_text(f"{other} {since.isoformat()}\n")
    log.add([theirs := house(), fit := house(inputs={"area": 95.5, "rooms": 2})])
    followed(root, log)
    kept = {one.id: one.shadow for one in log.scan("", 10)}
    assert "is not a feature" in str(kept[theirs.id])
    assert kept[fit.id] == {
        "version": other,
        "value": pytest.approx(95.5 * 3 + 20, rel=1e-4),
        "probabilities": None,
    }


def test_a_new_process_goes_on_where_the_last_one_ended(
    root: Path, published: Artifact, log: PredictionLog
) -> None:
    given = [house(id=ago(minutes=50 - i)) for i in range(10)]
    log.add(given[:8])
    followed(root, log)
    mark = {"version": published.version, "error": "not answered twice"}
    log.set_shadow({one.id: mark for one in given[:8]})
    log.add(given[8:])
    followed(root, log)
    marked = [one.shadow == mark for one in log.scan("", 20)]
    assert marked == [True] * 8 + [False] * 2
    assert all(one.shadow for one in log.scan("", 20))


def test_the_answers_of_a_shadow_before_give_way(
    root: Path, published: Artifact, log: PredictionLog
) -> None:
    given = [house() for _ in range(3)]
    log.add(given)
    log.set_shadow({one.id: {"version": "0123456789ab", "error": "of another"} for one in given})
    followed(root, log)
    versions = [(one.shadow or {}).get("version") for one in log.scan("", 10)]
    assert versions == [published.version] * 3


def test_a_row_that_ends_the_process_is_passed_over(
    root: Path, published: Artifact, log: PredictionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.add(given := [house(id=ago(minutes=50 - i)) for i in range(4)])
    one = following(root, log)
    predict = one.predictor.predict_each

    def ends(rows: list[Any]) -> Any:
        raise SystemExit

    monkeypatch.setattr(one.predictor, "predict_each", ends)
    with pytest.raises(SystemExit):
        one.step()
    assert [bool(r.shadow) for r in log.scan("", 10)] == [True, False, False, False]
    monkeypatch.setattr(one.predictor, "predict_each", predict)
    followed(root, log)
    first, *rest = log.scan("", 10)
    assert first.shadow == {"version": published.version, "error": follower.KILLED}
    assert all(r.shadow and r.shadow["value"] for r in rest)
    assert len(rest) == len(given) - 1


@contextmanager
def running(one: Follower) -> Iterator[Thread]:
    thread = Thread(target=one.run)
    thread.start()
    try:
        yield thread
    finally:
        set_shadow(one.root, None)
        thread.join(WITHIN)
        assert not thread.is_alive()


def test_records_that_come_late_are_not_passed_over(
    root: Path, log: PredictionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As those do that a buffer keeps, or another host stores."""
    monkeypatch.setattr(follower, "LAG", timedelta(seconds=2))
    monkeypatch.setattr(follower, "LOOK", 0.05)
    late = house(id=ago(seconds=0))
    time.sleep(0.01)
    log.add([on_time := house(id=ago(seconds=0)), old := house()])
    with running(following(root, log)):
        eventually(lambda: log.find([old.id])[0].shadow)
        assert log.find([on_time.id])[0].shadow is None
        log.add([late])
        eventually(lambda: all(one.shadow for one in log.scan("", 10)))
        assert log.count() == 3


def test_a_database_that_was_away(
    root: Path, log: PredictionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "LAG", timedelta(seconds=0.1))
    scan, calls = log.scan, iter(range(100))

    def broken(after: str, limit: int) -> list[Record]:
        if next(calls) == 1:
            raise LogUnavailable("away")
        return scan(after, limit)

    monkeypatch.setattr(log, "scan", broken)
    log.add(given := [house(id=ago(minutes=50 - i)) for i in range(4)])
    with running(following(root, log)):
        eventually(lambda: all(one.shadow for one in log.find([one.id for one in given])))


def test_a_database_that_was_away_when_an_answer_was_due(
    root: Path, log: PredictionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "LAG", timedelta(seconds=0.1))
    store, calls = log.set_shadow, iter(range(100))

    def broken(answers: Mapping[str, dict[str, Any]]) -> None:
        if next(calls) == 1:  # after the mark
            raise LogUnavailable("away")
        store(answers)

    monkeypatch.setattr(log, "set_shadow", broken)
    log.add([given := house()])
    followed(root, log)
    (kept,) = log.find([given.id])
    assert kept.shadow
    assert "error" not in kept.shadow


@pytest.mark.parametrize("change", ["ended", "another"])
def test_it_ends_when_it_is_no_shadow_any_more(
    root: Path, first: Artifact, log: PredictionLog, change: str
) -> None:
    one = following(root, log)
    set_current(root, one.shadow.version)  # so that the other one may be
    thread = Thread(target=one.run)
    thread.start()
    set_shadow(root, first.version if change == "another" else None)
    thread.join(WITHIN)
    assert not thread.is_alive()


def test_it_stays_the_shadow_when_it_is_chosen_again(root: Path, published: Artifact) -> None:
    before = shadow(root)
    set_shadow(root, published.version)
    assert shadow(root) == before
    set_shadow(root, None)
    assert shadow_version(root) is None
    set_shadow(root, published.version)
    after = shadow(root)
    assert before
    assert after
    assert before.since < after.since <= datetime.now(UTC)


def test_ids_sort_by_their_moments() -> None:
    moments = [datetime(1970, 1, 2, tzinfo=UTC), MOMENT, datetime.now(UTC)]
    for moment in moments:
        made, before = (str(uuid_utils.uuid7(int(moment.timestamp()) - s, 0)) for s in (0, 1))
        assert before < id_at(moment.replace(microsecond=0)) < made


@pytest.fixture
def kept(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Keeps a process that runs some code, in a folder of its own."""
    monkeypatch.setattr(keeper, "LOOK", 0.05)
    monkeypatch.setattr(keeper, "FIRST_PAUSE", 0.1)
    monkeypatch.chdir(tmp_path)
    return lambda code: keeper.keeping(root, [sys.executable, "-c", code])


def lines(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0


BEATS = """
import time
with open("beats", "a") as file:
    while True:
        print("beat", file=file, flush=True)
        time.sleep(0.02)
"""


def test_a_process_runs_while_there_is_a_shadow(
    kept: Callable[[str], Any], root: Path, published: Artifact, tmp_path: Path
) -> None:
    beats = tmp_path / "beats"

    def still() -> bool:
        before = lines(beats)
        time.sleep(0.3)
        return lines(beats) == before

    set_shadow(root, None)
    with kept(BEATS):
        time.sleep(0.3)
        assert not beats.exists()
        set_shadow(root, published.version)
        eventually(lambda: lines(beats) > 5)
        set_shadow(root, None)
        eventually(still)
        set_shadow(root, published.version)
        eventually(lambda: not still())
    assert still()


def test_a_process_that_ends_is_started_again_later_and_later(
    kept: Callable[[str], Any], tmp_path: Path
) -> None:
    starts = tmp_path / "starts"
    code = "import time; print(time.time(), file=open('starts', 'a')); raise SystemExit(3)"
    with kept(code):
        eventually(lambda: lines(starts) >= 5)
    moments = [float(line) for line in starts.read_text().split()]
    pauses = [later - sooner for sooner, later in pairwise(moments)]
    assert pauses[3] > 0.8  # of 0.1, 0.2, 0.4 and 0.8 seconds


def test_what_cannot_be_started_harms_nobody(root: Path, tmp_path: Path) -> None:
    with keeper.keeping(root, [str(tmp_path / "nothing")]):
        time.sleep(0.2)


def test_what_it_said_is_held_against_what_was_answered(
    root: Path, published: Artifact, log: PredictionLog
) -> None:
    given = [
        house(feedback=Feedback("dear", "", MOMENT)),
        house(feedback=Feedback("dear", "", MOMENT)),
        house(),
        house(model_version=published.version),
        house(id=ago(days=1), created_at=datetime.now(UTC) - timedelta(days=1)),
    ]
    now = datetime.now(UTC)
    log.add([replace(one, created_at=now) for one in given[:4]] + given[4:])
    said = [{"value": "dear"}, {"value": "cheap"}, {"error": "rooms is missing"}]
    log.set_shadow(
        {
            one.id: {"version": published.version, "probabilities": None} | answer
            for one, answer in zip(given, said, strict=False)
        }
    )
    found = shadow(root)
    assert found
    predictor = Predictor.load(root, found.version)
    compared, waiting = compare(found, predictor, log, progress=False)
    assert (compared.rows, compared.changed, waiting) == (3, 1, 0)
    assert compared.refused.total() == 1
    score = compared.scores["accuracy"]
    assert (score.count, score.logged, score.replayed) == (2, 2, 1)
    told = "\n".join(comparison(compared))
    assert "rooms is missing" in told
    assert "dear -> cheap" in told


def test_the_command(project: Path, root: Path, published: Artifact) -> None:
    settings = {"ARTIFACTS_DIR": str(root)}
    version = published.version
    started = manage(project, "shadow", version[:6], **settings)
    assert started.returncode == 0, started.stderr
    assert shadow_version(root) == version
    assert manage(project, *MIGRATE, **settings).returncode == 0
    told = manage(project, "shadow", **settings)
    assert told.returncode == 0, told.stderr
    assert f"Version {version} answers in the shadow since" in told.stdout
    assert "Of the newest 0 rows since, 0 have its answer." in told.stdout
    both = manage(project, "shadow", version, "--off", **settings)
    assert both.stderr == "Error: Give a version or --off, not both.\n"
    ended = manage(project, "shadow", "--off", **settings)
    assert ended.returncode == 0, ended.stderr
    assert shadow_version(root) is None
    for arguments, words in {
        (): "No version answers in the shadow; choose one",
        ("--off",): "No version answers in the shadow.",
        ("0000",): "no version '0000'",
        (current_version(root),): "is the current one",
    }.items():
        refused = manage(project, "shadow", *map(str, arguments), **settings)
        assert refused.returncode == 1
        assert words in refused.stderr
        assert "Traceback" not in refused.stderr
        assert shadow_version(root) is None

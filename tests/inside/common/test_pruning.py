"""`manage prune`: totals are exact whatever comes in between, and no version goes that is used."""

import os
import random
import secrets
import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from modeldesk.file_lock import try_lock
from modeldesk.ml import ArtifactError
from modeldesk.ml.artifact import load, save
from modeldesk.ml.removal import GONE
from modeldesk.ml.versions import (
    set_current,
    set_shadow,
    versions,
)
from modeldesk.serving import prune_command
from modeldesk.serving.log import (
    Feedback,
    LogUnavailable,
    PredictionLog,
    Record,
)
from modeldesk.serving.prune_command import PruneError
from modeldesk.serving.pruning import (
    DAY,
    count_old,
    midnight,
    prune,
)
from modeldesk.serving.summaries import (
    DaySummary,
    SummaryStore,
    Totals,
    by_version,
    summarise,
)

from . import warm
from .database import unreachable
from .framework import MIGRATE, prediction_log
from .models import TARGETS
from .records import MOMENT, check, record
from .running import database_of, environment, manage, serving

UNTIL = midnight(MOMENT)
TODAY = midnight(datetime.now(UTC))
MANY = 8000  # predictions
SENTENCE = "--older-than takes a whole number of days from 1 to 36,500, not "


@pytest.fixture
def version() -> str:
    """A version that no other test knows."""
    return secrets.token_hex(6)


@pytest.fixture
def store(log: PredictionLog) -> SummaryStore:
    """The summaries beside the log."""
    return summaries()


def summaries() -> SummaryStore:
    """Those of the application of this process."""
    from .framework import open_stores

    found: Any = open_stores()["summary"]
    return found


def kept(store: SummaryStore, version: str) -> list[DaySummary]:
    """The totals of a version, by day."""
    return [one for one in store.scan("", 10_000) if one.model_version == version]


def told(actual: Any, **fields: Any) -> Record:
    return record(feedback=Feedback(actual, "", MOMENT), **fields)


def fill(log: PredictionLog, count: int, until: datetime, **fields: Any) -> list[Record]:
    """Predictions of the ten days before a moment, not in the order of their ids."""
    given = [
        record(
            created_at=until - timedelta(days=i * 7 % 10, microseconds=i + 1),
            value=i / 4,
            feedback=Feedback(0.0, "", MOMENT) if i % 3 else None,
            **fields,
        )
        for i in range(count)
    ]
    for start in range(0, count, 1000):
        log.add(given[start : start + 1000])
    return given


def beforehand(store: SummaryStore, act: Callable[[Sequence[Record]], None]) -> Any:
    """Totals that do something before each step that they take."""

    def fold(records: Sequence[Record]) -> bool:
        act(records)
        return store.fold(records)

    unchanged = {name: getattr(store, name) for name in ("scan", "tallies", "keep")}
    return SimpleNamespace(fold=fold, **unchanged)


ONE, OTHER = TARGETS
CLASSES = [("dear", "dear"), ("dear", "cheap"), ("$ch.eap", "$ch.eap"), ("dear", None)]
NUMBERS = [(1.5, 2.0), (2.5, 1.0), (3.5, None), (4.5, 4.5)]
SEVERAL = [
    ({ONE: 1.0, OTHER: 2.0}, {ONE: 1.5, OTHER: 0.0}),
    ({ONE: 1.0, OTHER: 2.0}, {ONE: 2.0}),
    ({ONE: 1.0, OTHER: 2.0}, None),
    ({ONE: 1.0, OTHER: 2.0}, {OTHER: 2.25}),
]


@pytest.mark.parametrize(
    ("pairs", "totals"),
    [
        (CLASSES, Totals(4, 7.5, 4.0, 3, 2, {}, {"$ch.eap": 1, "dear": 3})),
        (NUMBERS, Totals(4, 7.5, 4.0, 3, 0, {"value": 2.0}, {})),
        (SEVERAL, Totals(4, 7.5, 4.0, 3, 0, {OTHER: 2.25, ONE: 1.5}, {})),
    ],
    ids=["classes", "numbers", "targets"],
)
def test_whole_days_before_the_limit_become_totals(
    log: PredictionLog, store: SummaryStore, version: str, pairs: Any, totals: Totals
) -> None:
    def predicted(moment: datetime) -> list[Record]:
        return [
            record(
                created_at=moment,
                model_version=version,
                value=value,
                label=value if isinstance(value, str) else None,
                duration_ms=0.5 * 2**i,
                feedback=None if actual is None else Feedback(actual, "", MOMENT),
            )
            for i, (value, actual) in enumerate(pairs)
        ]

    older = [UNTIL - 40 * DAY, UNTIL - DAY, UNTIL - timedelta(microseconds=1)]
    younger = [UNTIL, UNTIL + DAY]
    stay = [one for moment in younger for one in predicted(moment)]
    log.add([*stay, *(one for moment in older for one in predicted(moment))])
    expected = count_old(log, UNTIL)
    assert prune(log, store, UNTIL, progress=False) == expected
    check(log, *stay)
    days = [f"{(UNTIL - 40 * DAY):%Y-%m-%d}", f"{UNTIL - DAY:%Y-%m-%d}"]
    assert expected == {(days[0], version): 4, (days[1], version): 8}
    assert kept(store, version) == [
        DaySummary(days[0], version, totals),
        DaySummary(days[1], version, totals + totals),
    ]
    assert not prune(log, store, UNTIL, progress=False)


def test_batches_of_many_days_and_versions(
    log: PredictionLog, store: SummaryStore, version: str
) -> None:
    other = secrets.token_hex(6)
    given = [
        *fill(log, 1500, UNTIL, model_version=version),
        *fill(log, 1100, UNTIL, model_version=other),
    ]
    assert prune(log, store, UNTIL, progress=False).total() == 2600
    assert log.count() == 0
    found = [*kept(store, version), *kept(store, other)]
    assert sorted(found, key=lambda one: one.id) == summarise(given)


def test_what_comes_between_reading_and_counting(
    log: PredictionLog, store: SummaryStore, version: str
) -> None:
    """Feedback is counted, whether a step is then taken anew or not; predictions stay."""
    given = fill(log, 1500, UNTIL, model_version=version)
    fed: list[Record] = []
    young: list[Record] = []

    def come(records: Sequence[Record]) -> None:
        if len(fed) < 4:
            fed.append(next(one for one in records if not one.feedback and one not in fed))
            assert log.give_feedback(fed[-1].id, Feedback(-100.0, "", MOMENT))
            young.append(record(model_version=version, created_at=MOMENT))
            log.add(young[-1:])

    assert prune(log, beforehand(store, come), UNTIL, progress=False).total() == 1500
    assert len(fed) >= 2
    check(log, *young)
    total, before = by_version(store)[version], sum(map(Totals.of, given), start=Totals())
    assert (total.count, total.with_feedback) == (1500, before.with_feedback + len(fed))
    added = sum(100 + one.value for one in fed)
    assert total.errors == {"value": before.errors["value"] + added}


def test_two_at_once_count_once(log: PredictionLog, store: SummaryStore, version: str) -> None:
    given = fill(log, 3000, UNTIL, model_version=version)

    def run(_: int) -> None:
        prune(log, store, UNTIL, progress=False)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, range(2)))
    assert log.count() == 0
    assert kept(store, version) == summarise(given)


def test_a_database_that_goes_away_in_the_middle(
    log: PredictionLog, store: SummaryStore, version: str, root: Path
) -> None:
    given = fill(log, 2500, UNTIL, model_version=version)
    steps: list[int] = []

    def leave(records: Sequence[Record]) -> None:
        steps.append(len(records))
        if len(steps) == 2:
            raise LogUnavailable("the server\n is gone")

    with pytest.raises(PruneError) as caught:
        told_of(log, beforehand(store, leave))
    assert str(caught.value) == (
        "The database does not answer: the server is gone. What is done stays done; "
        "run the command again to continue."
    )
    assert log.count() == 1500
    told_of(log, store)
    assert log.count() == 0
    assert kept(store, version) == summarise(given)


def test_an_interruption(log: PredictionLog, store: SummaryStore, root: Path) -> None:
    def interrupt(_: Sequence[Record]) -> None:
        raise KeyboardInterrupt

    fill(log, 1, UNTIL)
    with pytest.raises(
        PruneError, match=r"^Interrupted\. What is done stays done; run the command"
    ):
        told_of(log, beforehand(store, interrupt))
    assert log.count() == 1


# What becomes of versions.


@pytest.fixture
def root(small_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of versions of this project, of which one was trained just now and is current."""
    root = Path(shutil.copytree(small_model, tmp_path / "artifacts"))
    monkeypatch.setenv("ARTIFACTS_DIR", str(root))
    return root


def told_of(
    log: PredictionLog,
    store: SummaryStore,
    older_than: str = "30",
    version: str | None = None,
    *,
    dry_run: bool = False,
) -> list[str]:
    """What the command says."""
    said: list[str] = []
    prune_command.run(
        older_than,
        version,
        dry_run=dry_run,
        log=log,
        summaries=store,
        outdated=lambda: None,
        say=said.append,
    )
    return said


def trained(root: Path, days_ago: int, moment: datetime = TODAY) -> str:
    """A version that was trained so many days before."""
    newest = load(root)
    metrics = newest.metrics | {"trained_at": (moment - days_ago * DAY).isoformat()}
    return save(root, secrets.token_bytes(8), newest.signature, metrics, card="").version


def damaged(root: Path, moment: datetime) -> str:
    """A version that does not tell when it was trained, last changed at a moment."""
    version = trained(root, 0)
    (root / version / "metrics.json").write_text("{")
    os.utime(root / version, (moment.timestamp(), moment.timestamp()))
    return version


def test_only_old_versions_go_that_nothing_needs(
    log: PredictionLog, store: SummaryStore, root: Path
) -> None:
    first = load(root).version
    previous, current, shadow, named, beside = (trained(root, 40 + i) for i in range(5))
    at_the_limit, younger = trained(root, 30), trained(root, 29)
    gone, before = trained(root, 31), trained(root, 50)
    broken, recent = damaged(root, TODAY - 31 * DAY), damaged(root, TODAY)
    for version in (previous, current):
        set_current(root, version)
    set_shadow(root, shadow)
    answer = {"version": beside, "value": 1.5}
    log.add(
        [
            record(created_at=TODAY, model_version=named),
            record(created_at=TODAY, model_version=first, shadow=answer),
            record(created_at=TODAY - 31 * DAY, model_version=before, shadow={"version": gone}),
        ]
    )
    there = set(versions(root))
    would = told_of(log, store, dry_run=True)
    assert set(versions(root)) == there
    assert log.count() == 3
    day = f"{TODAY - 31 * DAY:%Y-%m-%d}"
    assert would[0] == f"1 prediction of 1 version, up to {day}, would become 1 daily total."
    assert set(would[1:-1]) == {
        *(f"Version {one} stays: predictions name it." for one in (named, beside)),
        *(
            f"Version {one} would be removed: no prediction names it."
            for one in (gone, before, broken)
        ),
    }
    assert would[-1] == "Nothing is changed; without --dry-run it is."
    done = told_of(log, store)
    assert done[0] == f"1 prediction of 1 version, up to {day}, is now 1 daily total."
    assert [
        line.replace("Removed version", "Version").replace(": no", " would be removed: no")
        for line in done[1:]
    ] == would[1:-1]
    assert there - set(versions(root)) == {gone, before, broken}
    used = {first, previous, current, shadow, named, beside}
    assert set(versions(root)) == used | {at_the_limit, younger, recent}
    assert log.count() == 2


def test_a_version_goes_that_somebody_names(
    log: PredictionLog, store: SummaryStore, root: Path
) -> None:
    previous, current = trained(root, 1), load(root).version
    shadow, named, broken = trained(root, 0), trained(root, 2), damaged(root, TODAY)
    set_current(root, previous)
    set_current(root, current)
    set_shadow(root, shadow)
    log.add([record(model_version=named, created_at=TODAY), record(created_at=TODAY - 90 * DAY)])
    for version, words in (
        (current, f"^Version {current} is the current one; promote another one first.$"),
        (shadow, f"^Version {shadow} is the shadow; first run `manage shadow --off`.$"),
        ("0" * 12, "has no version '000000000000'; `manage versions` lists them.$"),
        ("", "has no version ''"),
    ):
        for dry_run in (True, False):
            with pytest.raises(ArtifactError, match=words):
                told_of(log, store, version=version, dry_run=dry_run)
    assert log.count() == 2  # nothing is done then, neither is this
    for version in (named, broken, previous):
        would = told_of(log, store, version=version[:8], dry_run=True)
        assert f"Version {version} would be removed, as you say." in would
        assert (root / version).is_dir()
        assert f"Removed version {version}, as you say." in told_of(log, store, version=version[:8])
        assert not (root / version).exists()
    assert set(versions(root)) == {current, shadow}
    assert load(root).version == current


def test_a_removal_that_was_interrupted(
    log: PredictionLog, store: SummaryStore, root: Path
) -> None:
    left = root / f"{GONE}0123456789ab"
    left.mkdir()
    (left / "card.md").touch()
    told_of(log, store, dry_run=True)
    assert left.exists()
    assert told_of(log, store) == [f"No prediction is from before {TODAY - 30 * DAY:%Y-%m-%d}."]
    assert not left.exists()


@pytest.mark.parametrize("days", ["0", "-1", "x", "1.5", "", "36501", "nan", "9" * 5000])
def test_days_that_are_none(log: PredictionLog, store: SummaryStore, root: Path, days: str) -> None:
    with pytest.raises(PruneError) as caught:
        told_of(log, store, days)
    assert str(caught.value) == f"{SENTENCE}{days[:40]!r}."


def test_a_database_that_is_away(tmp_path: Path, root: Path) -> None:
    for dry_run in (True, False):
        with (
            prediction_log(unreachable(tmp_path)) as log,
            pytest.raises(PruneError, match=r"^The database does not answer: [^\n]*continue\.$"),
        ):
            told_of(log, summaries(), dry_run=dry_run)


# The command, in processes of its own.


def test_the_command(project: Path) -> None:
    first = manage(project, "prune", "--older-than", "1")
    assert first.returncode == 1
    assert f"manage {' '.join(MIGRATE)}" in first.stderr
    with prediction_log(database_of(project)) as log:
        store = summaries()
        for version in ("0123456789ab", "ba9876543210"):
            fill(log, 12, TODAY - 2 * DAY, model_version=version)
        stay = record(created_at=TODAY - DAY)
        log.add([stay])
        would = manage(project, "prune", "--older-than", "4", "--dry-run")
        assert (log.count(), store.count()) == (25, 0)
        expected = summarise(one for one in log.scan("", 99) if one.created_at < TODAY - 4 * DAY)
        done = manage(project, "prune", "--older-than", "4")
        count, days = sum(one.totals.count for one in expected), len(expected)
        said = f"{count} predictions of 2 versions, up to {TODAY - 5 * DAY:%Y-%m-%d}"
        assert would.stdout.splitlines() == [
            f"{said}, would become {days} daily totals.",
            "Nothing is changed; without --dry-run it is.",
        ]
        assert done.stdout.splitlines() == [f"{said}, are now {days} daily totals."]
        assert "100%" in done.stderr
        assert store.scan("", 99) == expected
        assert log.count() == 25 - count
        refused = manage(project, "prune", "--older-than", "-1")
        assert (refused.returncode, refused.stderr) == (1, f"Error: {SENTENCE}'-1'.\n")
        assert manage(project, "prune").returncode == 2
        with (project / "artifacts" / ".pruning").open("ab") as file:
            assert try_lock(file)
            refused = manage(project, "prune", "--older-than", "1")
        assert refused.stderr == "Error: Another prune is under way; wait until it is done.\n"
        assert log.count() == 25 - count


def test_killed_ones_continue(project: Path) -> None:
    """At random moments, some of them amid a step."""
    chance = random.Random(MANY)
    with prediction_log(database_of(project)) as log:
        given = fill(log, MANY, TODAY - DAY)
        kills = 0
        for _ in range(3):
            before = log.count()
            process = warm.start(project, ["prune", "--older-than", "1"], environment(), project)
            while process.is_alive() and log.count() == before:
                time.sleep(0.002)
            time.sleep(chance.uniform(0, 0.05))
            process.kill()
            process.join()
            kills += process.exitcode not in (0, 1)
        assert kills
        totals = by_version(summaries())["0123456789ab"]
        left = log.count()
        assert totals.count + left == MANY
        assert 0 < left < MANY
        done = manage(project, "prune", "--older-than", "1")
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"{left:,} prediction")
        assert log.count() == 0
        assert summaries().scan("", 99) == summarise(given)


def test_a_service_goes_on(project: Path, small_model: Path) -> None:
    """It predicts and takes feedback meanwhile; what is pruned is not found, history goes on."""
    version = load(small_model).version
    usual = {"model_version": version, "value": "dear", "label": "dear"}
    example = load(small_model).signature.example
    with serving(project, "--workers", "1", ARTIFACTS_DIR=str(small_model)) as server:
        with prediction_log(database_of(project)) as log:
            days = [TODAY - (2 + i % 5) * DAY for i in range(1200)]
            given = [record(created_at=moment, **usual) for moment in days]
            log.add(given[:600])
            log.add(given[600:])
            with ThreadPoolExecutor(3) as pool:
                pruning = pool.submit(manage, project, "prune", "--older-than", "1")
                asked = pool.submit(_ask, server, example, pruning.done)
                answers = [_give(server, one) for one in given[::60]]
                done, predicted = pruning.result(), asked.result()
            assert done.returncode == 0, done.stderr
            total = by_version(summaries())[version]
            assert (total.count, total.labels) == (1200, {"dear": 1200})
            assert total.with_feedback == total.correct == answers.count(200)
            assert set(answers) <= {200, 404, 409}
            assert log.count() == len(predicted)
        assert server.request("GET", f"/api/v1/predictions/{given[0].id}").status_code == 404
        assert _give(server, given[0]) == 404
        page = server.request("GET", "/api/v1/predictions", params={"before": given[-1].id})
        assert (page.status_code, page.json()["predictions"]) == (200, [])
        page = server.request("GET", "/api/v1/predictions", params={"limit": 1})
        assert page.json()["predictions"][0]["id"] == predicted[-1]


def _ask(server: Any, example: dict[str, Any], enough: Callable[[], bool]) -> list[str]:
    """Predict now and then until it is enough; the ids."""
    ids: list[str] = []
    while not ids or not enough():
        answer = server.request("POST", "/api/v1/predict", json={"instances": [example]})
        assert answer.status_code == 200
        ids.append(answer.json()["predictions"][0]["id"])
        time.sleep(0.02)
    return ids


def _give(server: Any, one: Record) -> int:
    address = f"/api/v1/predictions/{one.id}/feedback"
    code: int = server.request("POST", address, json={"actual": "dear"}).status_code
    return code

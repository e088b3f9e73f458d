"""The files in which workers keep their metrics: full disks, killed servers, replaced workers."""

import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from modeldesk.serving import metrics, metrics_files
from modeldesk.serving.answers import Problem
from modeldesk.serving.metrics_files import FAULT, FOLDER, SIZE, count_in_files, shared_metrics
from prometheus_client import CollectorRegistry, Counter, values


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of temporary files; afterwards all is counted where it was."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)
    for name in (FOLDER, FAULT):  # which monkeypatch then removes at the end
        monkeypatch.setenv(name, "")
    yield tmp_path
    end_worker()


def end_worker() -> None:
    """What the system does for a worker, however it ends."""
    while metrics_files._mine:
        metrics_files._mine.pop().close()


def counter() -> Counter:
    """As a worker makes it when it starts."""
    count_in_files()
    return Counter("orders", "Orders", ["kind"], registry=CollectorRegistry())


def told() -> str:
    return metrics.render().body.decode()


def test_what_takes_the_place_of_a_worker_goes_on_counting(root: Path) -> None:
    with shared_metrics(2):
        folder = Path(os.environ[FOLDER])
        files = sorted(folder.iterdir())
        counter().labels("a").inc(2)
        counter().labels("a").inc(3)  # of another worker
        assert 'orders_total{kind="a"} 5.0' in told()
        for _ in range(10):
            end_worker()
            counter().labels("a").inc(1)
        assert 'orders_total{kind="a"} 15.0' in told()
        assert sorted(folder.iterdir()) == files
    assert not list(root.iterdir())


def test_there_is_room_for_them_before_a_worker_starts() -> None:
    with shared_metrics(2):
        found = list(Path(os.environ[FOLDER]).glob("*.db"))
        assert len(found) == 6
        assert all(path.stat().st_blocks * 512 >= SIZE for path in found)


def test_what_a_killed_server_left_is_removed(root: Path) -> None:
    with shared_metrics(1):
        of_another = Path(os.environ[FOLDER])
        left = root / "modeldesk-metrics-left"
        left.mkdir()
        (left / "alive").touch()
        (left / "counter_0.db").touch()
        with shared_metrics(1):
            assert not left.exists()
            assert of_another.exists()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_folder_keeps_nobody_from_serving(
    root: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with shared_metrics(workers):
        assert not list(root.iterdir())
        counter().labels("a").inc()
        if workers == 1:
            assert "http_requests" in told()
        else:  # one worker would tell its own as if they were all
            with pytest.raises(Problem, match="No space left on device"):
                told()


def test_a_folder_that_goes_away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(FAULT, "")
    monkeypatch.setenv(FOLDER, str(tmp_path / "none"))
    with pytest.raises(Problem) as caught:
        told()
    assert caught.value.status == 503


def test_series_of_predictions_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_predictions", {})
    monkeypatch.setattr(metrics, "MOST", 2)
    series = {id(metrics.predictions("v", str(label))) for label in range(9)}
    assert len(series) == 3
    assert metrics.predictions("v", "0") is metrics.predictions("v", "0")

"""The version that is served changes while requests go on, each of which keeps its own."""

import contextvars
import json
import logging
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from modeldesk.ml.artifact import ArtifactError, load
from modeldesk.ml.promotion import promote
from modeldesk.ml.versions import set_current, stamp
from modeldesk.serving import deployment as deployments
from modeldesk.serving.deployment import (
    Deployment,
    current_served,
)
from modeldesk.serving.log import PredictionLog
from modeldesk.serving.service import Service

from package.config import Settings

THREADS = 16


@pytest.fixture
def root(small_model: Path, small_regression: Path, tmp_path: Path) -> Path:
    """A classification that is current, and a regression that is not."""
    other = load(small_regression)
    shutil.copytree(other.path, tmp_path / "artifacts" / other.version)
    return Path(shutil.copytree(small_model, tmp_path / "artifacts", dirs_exist_ok=True))


@pytest.fixture
def first(small_model: Path) -> str:
    return load(small_model).version


@pytest.fixture
def second(small_regression: Path) -> str:
    return load(small_regression).version


def test_the_stamp_is_another_after_each_promotion(root: Path, first: str, second: str) -> None:
    assert stamp(root / "nowhere") == ()
    stamps = [stamp(root)]
    assert stamp(root) == stamps[0]
    for version in (second, first, second):
        set_current(root, version)
        stamps.append(stamp(root))
    assert len(set(stamps)) == len(stamps)


def test_without_a_model_nothing_is_served(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="There is no model"):
        Deployment(tmp_path)


def test_one_thread_loads_and_the_others_wait_for_it(
    root: Path, first: str, second: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    deployment = Deployment(root)
    assert deployment.latest() is deployment.latest()
    assert deployment.latest().predictor.version == first
    set_current(root, second)
    barrier = threading.Barrier(THREADS)

    def ask(_: int) -> int:
        barrier.wait()
        return id(deployment.latest())

    with ThreadPoolExecutor(THREADS) as pool:
        (served,) = set(pool.map(ask, range(THREADS)))
    assert served == id(deployment.latest())
    assert deployment.latest().predictor.version == second
    assert caplog.messages == [f"Version {second} is served now."]


def test_a_damaged_version_is_told_of_once_and_the_one_before_goes_on(
    root: Path,
    first: str,
    second: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deployment = Deployment(root)
    before = deployment.latest()
    set_current(root, second)
    (model,) = (root / second).glob("model.*")
    content = model.read_bytes()
    model.write_bytes(content[:-1])
    for _ in range(3):
        assert deployment.latest() is before
    monkeypatch.setattr(deployments, "PAUSE", 0)
    (root / "current").touch()  # it is made current again, as damaged as it was
    for _ in range(3):
        assert deployment.latest() is before
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]
    for message in caplog.messages:
        assert "not as trained" in message
        assert message.endswith(f"Version {first} goes on.")
    model.write_bytes(content)
    assert deployment.latest().predictor.version == second


def test_a_request_keeps_its_version(
    root: Path, first: str, second: str, log: PredictionLog
) -> None:
    service = Service(Deployment(root), log, Settings.load())

    def switch_in_the_middle() -> None:
        assert service.model["version"] == first
        set_current(root, second)
        assert service.predictor.version == service.model["version"] == first
        assert service.signature.name == service.openapi["info"]["title"] == "houses"
        current_served.set(None)  # as the gateway does, when the next one begins
        assert service.predictor.version == service.model["version"] == second
        assert service.signature.name == service.openapi["info"]["title"] == "prices"

    contextvars.copy_context().run(switch_in_the_middle)


def test_the_signature_of_a_prediction_is_that_of_its_version(
    root: Path, first: str, second: str, log: PredictionLog
) -> None:
    service = Service(Deployment(root), log, Settings.load())

    def ask() -> None:
        for version, name in ((first, "houses"), (second, "prices")):
            assert service.signature_of(version).name == name
        for gone in ("0123456789ab", "../houses", ""):
            assert service.signature_of(gone).name == "houses"

    contextvars.copy_context().run(ask)


def test_signatures_are_read_anew_when_the_current_version_is_promoted_again(
    root: Path, first: str, second: str
) -> None:
    set_current(root, second)
    deployment = Deployment(root)
    for version in (first, second):
        path = root / version / "signature.json"
        content = json.loads(path.read_bytes())
        before = deployment.contract_of(version).signature
        content["output"]["unit"] = "edited"
        path.write_text(json.dumps(content), "utf-8")
        assert deployment.contract_of(version).signature == before
    assert deployment.latest().contract.signature == before
    promote(root, second)
    assert deployment.latest().contract.signature.output.unit == "edited"
    assert deployment.contract_of(first).signature.output.unit == "edited"

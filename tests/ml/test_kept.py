"""The probes that a version is asked whenever it is loaded."""

import gzip
import json
import logging
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from modeldesk.ml import ArtifactError, publish
from modeldesk.ml.artifact import PROBES, Artifact, read, save
from modeldesk.ml.converting.kept import MOST, Kept
from modeldesk.ml.predictor import OnnxEngine, Predictor, ScikitEngine
from modeldesk.ml.promotion import promote
from modeldesk.ml.versions import current_version, write_current
from modeldesk.serving.deployment import Deployment
from modeldesk.serving.doctor import examine
from modeldesk.serving.settings import Settings
from modeldesk.testing import models
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import KNNImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    return models.publish_small_model(tmp_path_factory.mktemp("artifacts"))


@pytest.fixture
def root(first: Artifact, tmp_path: Path) -> Path:
    return Path(shutil.copytree(first.path.parent, tmp_path / "artifacts"))


@pytest.fixture
def other_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """An onnxruntime that answers the first class to all, and says that it is another."""
    real = OnnxEngine.run

    def run(self: OnnxEngine, rows: Any) -> Any:
        labels, shares = real(self, rows)
        return labels[:1].repeat(len(labels)), shares

    known = {"onnxruntime": "1.0"}
    monkeypatch.setattr(OnnxEngine, "run", run)
    monkeypatch.setattr("modeldesk.ml.converting.kept._installed", known.get)


def kept(artifact: Artifact) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(gzip.decompress((artifact.path / PROBES).read_bytes()))
    return found


def test_the_originals_answers_are_kept(first: Artifact) -> None:
    found = kept(first)
    assert found["features"] == [feature.name for feature in first.signature.features]
    assert 100 < len(found["rows"]) == len(found["labels"]) == len(found["shares"]) <= MOST
    assert set(found["labels"]) == {"cheap", "dear"}
    assert list(found["libraries"]) == ["onnxruntime"]
    closest = min(abs(one - other) for one, other in found["shares"])
    assert closest < 0.05  # where another way of computing shows first


def test_another_answer_than_the_recorded_one_is_not_served(
    root: Path, first: Artifact, other_engine: None
) -> None:
    was = kept(first)["libraries"]["onnxruntime"]
    words = (
        f"{first.version} does not answer as it did when it was made: to .* of .* probes, such as "
        f"area .*: cheap .*, not dear .*onnxruntime {was}, and here is onnxruntime 1.0; "
        "install what it was made with .`uv sync --locked`., or train or import it anew"
    )
    with pytest.raises(ArtifactError, match=words):
        Predictor.load(root)
    with pytest.raises(ArtifactError, match=words):
        promote(root, first.version)


def test_doctor_tells_of_it(root: Path, other_engine: None) -> None:
    database = f"sqlite:///{root.parent / 'app.db'}"
    settings = Settings.model_validate({"artifacts_dir": root, "database_url": database})
    model = next(c for c in examine(settings, "127.0.0.1", 0) if c.name == "model")
    assert "does not answer as it did" in (model.fault or "")


def test_a_running_service_goes_on_with_the_version_before(
    root: Path, first: Artifact, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    X, y = models.houses()
    second = publish(
        LogisticRegression().fit(X[["area", "rooms"]], y),
        X[["area", "rooms"]],
        y,
        name="second",
        root=root,
        promote=False,
    )
    deployment = Deployment(root)
    real = Kept.fault
    monkeypatch.setattr(
        Kept, "fault", lambda self, engine: "no" if len(self.features) == 2 else real(self, engine)
    )
    write_current(root, second.version)
    with caplog.at_level(logging.ERROR):
        assert deployment.latest().predictor.version == first.version
    assert f"does not answer as it did when it was made: no. Version {first.version} goes on" in (
        caplog.text
    )
    assert current_version(root) == second.version


def test_damaged_probes_are_named(root: Path, first: Artifact) -> None:
    path = root / first.version / PROBES
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match=rf"{PROBES} are not as recorded; restore them"):
        Predictor.load(root)
    path.unlink()
    with pytest.raises(ArtifactError, match=rf"damaged .*{PROBES}"):
        Predictor.load(root)


def test_a_version_of_before_has_no_probes(root: Path, first: Artifact) -> None:
    folder = root / first.version
    metrics = json.loads((folder / "metrics.json").read_bytes())
    del metrics["probes"]
    (folder / "metrics.json").write_text(json.dumps(metrics), "utf-8")
    (folder / PROBES).unlink()
    assert Predictor.load(root).artifact.kept is None


def test_probes_of_another_model_are_not_kept_with_it(root: Path, first: Artifact) -> None:
    _, model = read(root)
    again = save(root, model, first.signature, first.metrics, card="")
    assert again.kept is None


def test_the_same_model_and_rows_keep_the_same_probes(root: Path, tmp_path: Path) -> None:
    one = models.publish_small_model(tmp_path / "again")
    assert (one.path / PROBES).read_bytes() == (root / one.version / PROBES).read_bytes()


def test_a_model_served_by_scikit_learn_is_asked_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = models.houses()
    X = X[["area", "rooms"]].mask(np.random.default_rng(0).random((200, 2)) < 0.1)
    model = make_pipeline(KNNImputer(), RandomForestClassifier(9, random_state=0)).fit(X, y)
    artifact = publish(model, X, y, name="skops", root=tmp_path)
    assert (artifact.runtime, list(kept(artifact)["libraries"])) == (
        "skops",
        ["scikit-learn", "numpy"],
    )
    Predictor.load(tmp_path)
    monkeypatch.setattr(
        ScikitEngine, "run", lambda self, rows: (np.array(["dear"] * len(rows), object), None)
    )
    with pytest.raises(ArtifactError, match=r"scikit-learn .* numpy .*, as here: the machine"):
        Predictor.load(tmp_path)


def test_numbers_are_compared_as_they_are_at_import() -> None:
    rows = [{"x": float(i)} for i in range(9)]
    answers = np.arange(9.0)

    class Engine:
        def __init__(self, off: float) -> None:
            self.off = off

        def run(self, rows: Any) -> Any:
            return np.array([row["x"] for row in rows]) * self.off, None

    found = Kept.loads(Kept.of(rows, (answers, None), 4.0, ["numpy"]).dumps())
    assert found.fault(Engine(1.00005)) is None
    assert "to 8 of 9 probes, such as x 1.0: 1.001, not 1." in (found.fault(Engine(1.001)) or "")


def test_frames_of_any_width_are_kept_small() -> None:
    wide = pd.DataFrame(np.zeros((500, 300)), columns=[f"x{i}" for i in range(300)])
    rows: Any = wide.to_dict("records")
    found = Kept.of(rows, (np.zeros(500), None), 1.0, [])
    assert len(found.rows) == 50

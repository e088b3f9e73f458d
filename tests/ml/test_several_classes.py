"""Several classes at once: published, imported by several targets, and what is answered."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from modeldesk.ml import Artifact, ArtifactError, SignatureError, publish
from modeldesk.ml.answered import Prediction
from modeldesk.ml.batch import predict_file
from modeldesk.ml.compatibility import differences
from modeldesk.ml.importing import import_model
from modeldesk.ml.predictor import Predictor
from modeldesk.ml.signature import Signature
from modeldesk.testing import models
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

X, SOLD = models.garments()
BITS = pd.DataFrame({"long": X["length"] > 90, "warm": X["warmth"] > 0}).astype(int)
LOGISTIC = LogisticRegression(max_iter=1000)
FOREST = RandomForestClassifier(5, random_state=0)


def answers(artifact: Artifact, rows: pd.DataFrame = X) -> list[Prediction]:
    predictor = Predictor.load(artifact.path.parent, artifact.version)
    return predictor.predict(rows.astype(object).to_dict("records"))  # type: ignore[arg-type]


def shares_of(model: Any, rows: pd.DataFrame, targets: int) -> list[Any]:
    """The probabilities (rows, classes) of each target, as scikit-learn gives them."""
    found = model.predict_proba(rows)
    if isinstance(found, list):
        return found
    return [np.stack([1 - found[:, i], found[:, i]], axis=1) for i in range(targets)]


@pytest.mark.parametrize(
    ("model", "y", "runtime"),
    [
        (MultiOutputClassifier(LOGISTIC), SOLD, "onnx"),
        (MultiOutputClassifier(LOGISTIC), BITS, "onnx"),
        (MultiOutputClassifier(RidgeClassifier()), SOLD, "skops"),
        (FOREST, SOLD, "skops"),
        (FOREST, BITS, "onnx"),
        (ExtraTreesClassifier(5, random_state=0), BITS, "onnx"),
        (DecisionTreeClassifier(max_depth=4), SOLD, "skops"),
        (KNeighborsClassifier(), BITS, "onnx"),
        (ClassifierChain(LOGISTIC), BITS, "skops"),
        (OneVsRestClassifier(LOGISTIC), BITS, "onnx"),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "fit") else "",
)
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_each_target_has_its_class(
    tmp_path: Path, model: Any, y: pd.DataFrame, runtime: str
) -> None:
    model = model.fit(X[:150], y[:150])
    test = (X[150:], y[150:])
    artifact = publish(model, X[:150], y[:150], name="several", test=test, root=tmp_path)
    output = artifact.signature.output
    assert artifact.signature.task == "classification"
    assert output.classes is None
    assert [(t.name, t.classes) for t in output.targets or []] == [
        (name, sorted(set(y[name]))) for name in y
    ]
    assert artifact.runtime == runtime
    said, wanted = answers(artifact), pd.DataFrame(model.predict(X), columns=list(y))
    assert [one.value for one in said] == wanted.to_dict("records")
    kinds = {type(answer) for one in said for answer in one.value.values()}
    assert kinds == {int if y is BITS else str}
    assert output.probabilities is hasattr(model, "predict_proba")
    if output.probabilities:
        for name, share in zip(map(str, y), shares_of(model, X, 2), strict=True):
            given = [list((one.probabilities or {})[name].values()) for one in said]
            assert np.allclose(given, share, atol=1e-4)
    scores, right = artifact.metrics["metrics"], (wanted == y)[150:]
    assert scores["accuracy"] == pytest.approx(right.all(axis="columns").mean())
    assert scores[f"accuracy_{y.columns[0]}"] == pytest.approx(right.iloc[:, 0].mean())
    assert set(artifact.metrics["importance"]) == {"length", "warmth"}


def test_what_is_known_of_targets(tmp_path: Path) -> None:
    artifact = models.publish_small_classes(tmp_path)
    size, colour = artifact.signature.output.targets or []
    assert (size.label, size.classes) == ("Size sold", ["large", "medium", "small"])
    assert (colour.name, colour.classes) == ("$col.our", ["dark", "light"])
    card = (artifact.path / "card.md").read_text("utf-8")
    assert "A classification of Size sold, $col.our, trained" in card
    assert "- size: large, medium, small\n- $col.our: dark, light" in card
    text = (artifact.path / "signature.json").read_text("utf-8")
    assert Signature.model_validate_json(text).output == artifact.signature.output
    edited = json.loads(text)
    edited["output"]["targets"][1]["classes"].reverse()
    (artifact.path / "signature.json").write_text(json.dumps(edited), "utf-8")
    with pytest.raises(ArtifactError, match="not as trained"):
        Predictor.load(tmp_path)


def bring(folder: Path, model: Any, rows: pd.DataFrame, *targets: str) -> Artifact:
    path, data = folder / "brought.pkl", folder / "rows.csv"
    path.write_bytes(pickle.dumps(model))
    rows.to_csv(data, index=False)
    given: dict[str, Any] = {"agreed": lambda _: True, "say": lambda _: None}
    return import_model(path, data, targets, root=folder / "artifacts", **given)


def test_import_by_several_targets(tmp_path: Path) -> None:
    model = make_pipeline(StandardScaler(), MultiOutputClassifier(LOGISTIC)).fit(
        X[:150], SOLD[:150]
    )
    rows = X.join(SOLD)[150:]
    artifact = bring(tmp_path, model, rows, "size", "$col.our")
    right = (model.predict(X[150:]) == SOLD[150:].to_numpy()).all(axis=1)
    assert artifact.metrics["metrics"]["accuracy"] == pytest.approx(right.mean())
    assert [list(one.value.values()) for one in answers(artifact)] == model.predict(X).tolist()
    with pytest.raises(SignatureError, match="answers 2 classes a row; name a target for each"):
        bring(tmp_path, model, rows, "size")
    turned = MultiOutputClassifier(LOGISTIC).fit(X, SOLD[["$col.our", "size"]])
    with pytest.raises(SignatureError, match=r"size has the class .* the model answers 'dark', 'l"):
        bring(tmp_path, turned, rows, "size", "$col.our")
    one = LogisticRegression().fit(X, SOLD["size"])
    with pytest.raises(SignatureError, match=r"answers 3 classes a row, and .* has 2 targets"):
        bring(tmp_path, one, rows, "size", "$col.our")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_file_has_columns_for_each_target(tmp_path: Path, kind: str) -> None:
    artifact = models.publish_small_classes(tmp_path / "artifacts")
    source, target = tmp_path / f"in.{kind}", tmp_path / f"out.{kind}"
    X.to_csv(source, index=False) if kind == "csv" else X.to_parquet(source)
    predictor = Predictor.load(artifact.path.parent)
    assert predict_file(predictor, source, target, progress=False).refused == 0
    written = pd.read_csv(target) if kind == "csv" else pd.read_parquet(target)
    assert list(written)[2:] == [
        "prediction_size",
        "prediction_$col.our",
        *(f"probability_size_{label}" for label in ("large", "medium", "small")),
        *(f"probability_$col.our_{label}" for label in ("dark", "light")),
        "prediction_error",
    ]
    said = answers(artifact)
    assert written["prediction_$col.our"].tolist() == [one.value["$col.our"] for one in said]
    shares = [(one.probabilities or {})["size"]["small"] for one in said]
    assert written["probability_size_small"].tolist() == shares


def test_what_callers_of_another_version_meet(tmp_path: Path) -> None:
    old = models.publish_small_classes(tmp_path).signature
    new = old.model_copy(deep=True)
    assert differences(old, new) == []
    assert new.output.targets
    new.output.targets[0].classes = ["large", "huge", "small"]
    assert [(one.text, one.breaks) for one in differences(old, new)] == [
        ("no answer of 'size' is medium any more", True),
        ("answers of 'size' may be huge, too", True),
    ]
    one = Signature.infer(X, SOLD["size"], name=old.name)
    assert "answers have one class, and had size, $col.our" in [
        found.text for found in differences(old, one)
    ]


def test_frames_of_answers_tell_the_task() -> None:
    assert Signature.infer(X, SOLD, name="a").task == "classification"
    assert Signature.infer(X, BITS, name="a").task == "regression"
    found = Signature.infer(X, BITS, name="a", task="classification").output
    assert [target.classes for target in found.targets or []] == [[0, 1], [0, 1]]
    with pytest.raises(SignatureError, match="holds no numbers"):
        Signature.infer(X, SOLD, name="a", task="regression")

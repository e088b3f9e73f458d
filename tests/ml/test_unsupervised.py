"""Models that learn without answers: published, imported without a target, and what they say."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from modeldesk.ml import Artifact, ArtifactError, SignatureError, publish
from modeldesk.ml.answered import Prediction
from modeldesk.ml.batch import predict_file
from modeldesk.ml.compatibility import differences
from modeldesk.ml.fitted.unsupervised import truth
from modeldesk.ml.importing import import_model
from modeldesk.ml.predictor import Predictor
from modeldesk.ml.promotion import Incompatible
from modeldesk.testing import models
from sklearn.cluster import DBSCAN, AffinityPropagation, KMeans, MeanShift, MiniBatchKMeans
from sklearn.covariance import EllipticEnvelope
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDOneClassSVM
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

X, FRAUD = models.payments()
TRAINED, TEST = X[:150], X[150:]
FOREST = IsolationForest(n_estimators=20, random_state=0)
HOUSES = models.rents()[0]


def fitted(model: Any, rows: pd.DataFrame = TRAINED, *, scaled: bool = False) -> Any:
    return (make_pipeline(StandardScaler(), model) if scaled else model).fit(rows)


def answers(artifact: Artifact, rows: pd.DataFrame) -> list[Prediction]:
    predictor = Predictor.load(artifact.path.parent, artifact.version)
    return predictor.predict(rows.astype(object).to_dict("records"))  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")  # scikit-learn's own
@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize(
    "model",
    [
        FOREST,
        OneClassSVM(nu=0.1),
        SGDOneClassSVM(random_state=0),
        LocalOutlierFactor(novelty=True),
        EllipticEnvelope(random_state=0),
    ],
    ids=lambda model: type(model).__name__,
)
def test_detectors_of_outliers(tmp_path: Path, model: Any, *, scaled: bool) -> None:
    model = fitted(model, scaled=scaled)
    artifact = publish(model, TRAINED, name="detector", root=tmp_path)
    output, last = artifact.signature.output, model[-1] if scaled else model
    assert artifact.signature.task == "anomaly"
    assert (output.classes, output.targets, output.probabilities) == ([-1, 1], None, False)
    assert output.threshold == np.ravel(last.offset_)[0]
    said = answers(artifact, X)
    assert [one.value for one in said] == model.predict(X).tolist()
    # Of neighbours that are as near as each other, 32 bits may choose another one.
    assert [one.score for one in said] == pytest.approx(model.score_samples(X), rel=1e-2)
    assert {one.probabilities for one in said} == {None}
    outliers = np.mean(model.predict(TRAINED) == -1)
    assert artifact.metrics["answers"]["-1"] == pytest.approx(outliers, abs=1e-6)
    assert artifact.metrics["metrics"] == artifact.metrics["importance"] == {}
    assert artifact.metrics["held_out_rows"] == 0


@pytest.mark.parametrize(
    ("model", "clusters", "shares"),
    [
        (KMeans(4, n_init=1, random_state=0), 4, False),
        (MiniBatchKMeans(3, n_init=1, random_state=0, compute_labels=False), 3, False),
        (MeanShift(bandwidth=0.7), None, False),
        (AffinityPropagation(random_state=0, damping=0.9), None, False),
        (GaussianMixture(3, random_state=0), 3, True),
        (BayesianGaussianMixture(n_components=2, random_state=0), 2, True),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "fit") else "",
)
def test_clusterers(tmp_path: Path, model: Any, clusters: int | None, *, shares: bool) -> None:
    model = fitted(model, HOUSES[:60], scaled=True)
    artifact = publish(model, HOUSES[:60], name="segments", root=tmp_path)
    output = artifact.signature.output
    count = clusters or len(model[-1].cluster_centers_)
    assert count > 1
    assert artifact.signature.task == "clustering"
    assert (output.name, output.classes) == ("cluster", list(range(count)))
    assert (output.threshold, output.probabilities) == (None, shares)
    said = answers(artifact, HOUSES)
    assert [one.value for one in said] == model.predict(HOUSES).tolist()
    if shares:
        given = [list((one.probabilities or {}).values()) for one in said]
        assert np.allclose(given, model.predict_proba(HOUSES), atol=1e-4)


def test_a_search_is_what_it_found(tmp_path: Path) -> None:
    grid = {"n_clusters": [2, 3]}
    model = GridSearchCV(KMeans(n_init=1, random_state=0), grid, cv=2).fit(HOUSES)
    artifact = publish(model, HOUSES, name="segments", root=tmp_path)
    assert len(artifact.signature.output.classes or []) == model.best_params_["n_clusters"]
    assert [one.value for one in answers(artifact, HOUSES)] == model.predict(HOUSES).tolist()


def test_a_truth_scores_a_detector(tmp_path: Path) -> None:
    test = (TEST, FRAUD[150:])
    artifact = publish(fitted(FOREST), TRAINED, name="payments", test=test, root=tmp_path)
    found = np.array([one.value for one in answers(artifact, TEST)]) == -1
    true = FRAUD[150:].to_numpy() == 1
    scores = artifact.metrics["metrics"]
    assert scores["precision"] == pytest.approx(np.mean(true[found]))
    assert scores["recall"] == pytest.approx(np.mean(found[true])) == 1
    assert scores["accuracy"] == pytest.approx(np.mean(found == true))
    assert scores["roc_auc"] == 1
    assert artifact.metrics["held_out_rows"] == 50
    assert set(artifact.metrics["importance"]) == {"amount", "hour"}
    card = (artifact.path / "card.md").read_text("utf-8")
    assert "A detector of anomalies, which score below -0.5, trained" in card
    assert "- anomaly (-1): " in card


def test_groups_that_are_known_score_a_clusterer(tmp_path: Path) -> None:
    model = fitted(KMeans(3, n_init=1, random_state=0), HOUSES)
    same = pd.Series(np.array(["a", "b", "c"])[model.predict(HOUSES)])
    artifact = publish(model, HOUSES, name="segments", test=(HOUSES, same), root=tmp_path)
    assert artifact.metrics["metrics"] == {"adjusted_rand": 1.0}
    assert artifact.metrics["importance"] == {}
    assert "A clustering into 3 clusters, trained" in (artifact.path / "card.md").read_text("utf-8")


@pytest.mark.parametrize(
    "written",
    [[-1, 1], [1, 0], [1.0, 0.0], [True, False], ["Anomaly", "normal "], ["outlier", "inlier"]],
)
def test_ways_to_write_what_is_an_outlier(written: list[Any]) -> None:
    column = pd.Series([written[0], written[1], written[0]])
    assert truth(column, "y").tolist() == [-1, 1, -1]


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ([0, 1, 2], "y holds 0, 1, 2, where .* write -1 and 1, 1 and 0, or anomaly and normal"),
        (["fraud", "fine"], "y holds 'fraud', 'fine'"),
        ([1, 1], "y holds 1 only, which may mean an outlier, or none: add rows of both"),
    ],
)
def test_a_truth_that_may_mean_something_else(written: list[Any], says: str) -> None:
    with pytest.raises(SignatureError, match=says):
        truth(pd.Series(written), "y")
    assert truth(pd.Series([0, 0]), "y").tolist() == [1, 1]


def bring(folder: Path, model: Any, rows: pd.DataFrame, *targets: str, **options: Any) -> Artifact:
    path, data = folder / "brought.pkl", folder / "rows.csv"
    path.write_bytes(pickle.dumps(model))
    rows.to_csv(data, index=False, sep=options.pop("sep", ","))
    given: dict[str, Any] = {"agreed": lambda _: True, "say": lambda _: None} | options
    return import_model(path, data, targets, root=folder / "artifacts", **given)


def test_import_without_a_target(tmp_path: Path) -> None:
    told: list[str] = []
    model = fitted(FOREST)
    artifact = bring(tmp_path, model, TEST.assign(number=1), say=told.append, sep=";")
    assert "Left out, as the model does not take them: number" in told
    assert artifact.signature.task == "anomaly"
    assert artifact.metrics["metrics"] == {}
    assert artifact.metrics["parity"]["rows"] == 50
    assert [one.value for one in answers(artifact, X)] == model.predict(X).tolist()


def test_import_with_the_truth_about_outliers(tmp_path: Path) -> None:
    told: list[str] = []
    rows = TEST.assign(fraud=FRAUD)
    artifact = bring(tmp_path, fitted(FOREST), rows, "fraud", say=told.append)
    assert "In column 'fraud' it reads '0' as normal (1) and '1' as anomaly (-1)" in told
    assert artifact.metrics["metrics"]["recall"] == 1
    assert [feature.name for feature in artifact.signature.features] == ["amount", "hour"]
    with pytest.raises(
        SignatureError, match=r"Column 'late' of .*rows.csv holds .*, where it says"
    ):
        bring(tmp_path, fitted(FOREST), TEST.assign(late=TEST["hour"]), "late")


@pytest.mark.parametrize("model", [LogisticRegression(), LinearRegression()])
def test_a_model_that_learnt_from_answers_needs_a_target(tmp_path: Path, model: Any) -> None:
    model.fit(TRAINED, FRAUD[:150])
    says = r"brought.pkl learnt from answers: name the column .* `--target`; .*rows.csv has fraud\."
    with pytest.raises(SignatureError, match=says):
        bring(tmp_path, model, TEST.assign(fraud=FRAUD))
    with pytest.raises(SignatureError, match="learns from answers; give them as `y`"):
        publish(model, TRAINED, name="fraud", root=tmp_path)


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (LocalOutlierFactor(), "knows the rows it was fitted on only; fit it with novelty=True"),
        (DBSCAN(), "groups its own rows only; take a clusterer that answers new rows"),
        (KMeans(1), "KMeans found one cluster; nothing is told apart"),
        (IsolationForest(), "IsolationForest has not been fitted"),
    ],
)
def test_what_cannot_answer_rows(tmp_path: Path, model: Any, says: str) -> None:
    model = model if isinstance(model, IsolationForest) else model.fit(HOUSES)
    with pytest.raises(ArtifactError, match=says):
        publish(model, HOUSES, name="none", root=tmp_path)


def test_an_answer_that_is_no_cluster_is_refused(tmp_path: Path) -> None:
    model = KMeans(3, n_init=1, random_state=0).fit(HOUSES)
    model.predict = lambda X: np.full(len(X), -1)
    with pytest.raises(ArtifactError, match="answers -1, which is none of its classes"):
        publish(model, HOUSES, name="segments", root=tmp_path)


@pytest.mark.parametrize(
    ("publish_it", "columns"),
    [
        (models.publish_small_detector, ["prediction", "prediction_score", "prediction_error"]),
        (models.publish_small_clusters, ["prediction", "prediction_error"]),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_file_is_predicted(
    tmp_path: Path, publish_it: Callable[[Path], Artifact], columns: list[str], kind: str
) -> None:
    artifact = publish_it(tmp_path / "artifacts")
    rows = X if artifact.signature.task == "anomaly" else HOUSES
    source, target = tmp_path / f"in.{kind}", tmp_path / f"out.{kind}"
    rows.to_csv(source, index=False) if kind == "csv" else rows.to_parquet(source)
    predictor = Predictor.load(artifact.path.parent)
    assert predict_file(predictor, source, target, progress=False).refused == 0
    written = pd.read_csv(target) if kind == "csv" else pd.read_parquet(target)
    assert [*written][-len(columns) :] == columns
    said = answers(artifact, rows)
    assert written["prediction"].tolist() == [one.value for one in said]
    if "prediction_score" in columns:
        assert written["prediction_score"].tolist() == [one.score for one in said]


def test_a_threshold_is_as_it_was_learnt(tmp_path: Path) -> None:
    artifact = models.publish_small_detector(tmp_path)
    path = artifact.path / "signature.json"
    content = json.loads(path.read_text("utf-8"))
    content["output"]["names"]["-1"] = "fraud"
    path.write_text(json.dumps(content), "utf-8")
    assert Predictor.load(tmp_path).signature.output.shown(-1) == "fraud (-1)"
    content["output"]["threshold"] = -0.4
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(ArtifactError, match="not as trained"):
        Predictor.load(tmp_path)


def test_what_callers_of_another_version_meet(tmp_path: Path) -> None:
    models.publish_small_detector(tmp_path)
    with pytest.raises(Incompatible, match="it answers a clustering, and was an anomaly"):
        publish(fitted(KMeans(2, n_init=1)), TRAINED, name="payments", root=tmp_path)
    other = fitted(IsolationForest(n_estimators=20, random_state=0, contamination=0.1))
    artifact = publish(other, TRAINED, name="payments", root=tmp_path)  # and is promoted
    threshold = artifact.signature.output.threshold
    current = Predictor.load(tmp_path).signature
    before = models.publish_small_detector(tmp_path / "other").signature
    (found,) = differences(before, current)
    assert (found.text, found.breaks) == (f"anomalies score below {threshold}, and did -0.5", False)
    clusters = models.publish_small_clusters(tmp_path / "clusters").signature
    (found,) = differences(clusters, clusters)
    assert (found.text.partition(":")[0], found.breaks) == (
        "every training numbers its clusters anew",
        False,
    )

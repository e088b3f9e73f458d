"""What is told of answers that are neither one number nor one class, wherever it is told."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from modeldesk.ml.predictor import Predictor
from modeldesk.pages import content
from modeldesk.serving.lines import from_line, to_line
from modeldesk.serving.log import Query, Record
from modeldesk.serving.replay import comparison, replay
from modeldesk.serving.settings import Settings
from modeldesk.serving.summaries import Totals
from modeldesk.staff import export, feedback, monitor, records
from modeldesk.testing import models

from .desk import Desk

pytestmark = pytest.mark.usefixtures("nobody_asks")
NORMAL, ANOMALY = {"amount": 50.0, "hour": 12}, {"amount": 900.0, "hour": 3}
FLATS = [{"area": area, "rooms": rooms} for area, rooms in [(40.0, 2), (150.0, 8), (280.0, 2)]]


@pytest.fixture
def detector(tmp_path: Path) -> Desk:
    models.publish_small_detector(tmp_path)
    return Desk(tmp_path, Settings)


@pytest.fixture
def clusters(tmp_path: Path) -> Desk:
    models.publish_small_clusters(tmp_path)
    return Desk(tmp_path, Settings)


def asked(desk: Desk, path: str, content: Any = None, **query: Any) -> Any:
    answer = desk.ask(path, content, **query)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def predicted(desk: Desk, *rows: dict[str, Any]) -> list[Record]:
    given = asked(desk, "/api/v1/predict", {"instances": list(rows)})["predictions"]
    by_id = {record.id: record for record in desk.log.find([one["id"] for one in given])}
    for one in given:
        kept = asked(desk, f"/api/v1/predictions/{one['id']}")
        assert {name: kept[name] for name in one} == one
    return [by_id[one["id"]] for one in given]


def test_a_detector_answers_as_in_scikit_learn(detector: Desk) -> None:
    usual, unusual = predicted(detector, NORMAL, ANOMALY)
    assert (usual.value, usual.label, unusual.value, unusual.label) == (1, "1", -1, "-1")
    output = asked(detector, "/api/v1/model")["output"]
    assert (output["classes"], output["threshold"]) == ([-1, 1], -0.5)
    assert output["names"] == {"-1": "anomaly", "1": "normal"}
    assert usual.score is not None
    assert unusual.score is not None
    assert unusual.score < -0.5 < usual.score < 0
    assert asked(detector, "/api/v1/predictions", label="-1")["predictions"] == [unusual.as_dict()]


def test_a_detector_by_other_protocols(detector: Desk) -> None:
    described = asked(detector, "/v2/models/payments")["outputs"]
    assert [(one["name"], one["datatype"]) for one in described] == [
        ("label", "INT64"),
        ("score", "FP64"),
        ("id", "BYTES"),
    ]
    inputs = [
        {"name": name, "shape": [2], "datatype": "FP64", "data": [NORMAL[name], ANOMALY[name]]}
        for name in NORMAL
    ]
    outputs = asked(detector, "/v2/models/payments/infer", {"inputs": inputs})["outputs"]
    usual, unusual = predicted(detector, NORMAL, ANOMALY)
    assert [one["data"] for one in outputs[:2]] == [[1, -1], [usual.score, unusual.score]]
    given = {"instances": [NORMAL, ANOMALY]}
    assert asked(detector, "/invocations", given)["predictions"] == [1, -1]
    assert asked(detector, "/v1/models/payments:predict", given)["predictions"] == [1, -1]


def test_a_detector_in_the_document(detector: Desk) -> None:
    document = asked(detector, "/openapi.json")
    schemas, examples = (document["components"][name] for name in ("schemas", "examples"))
    assert schemas["Value"]["enum"] == [-1, 1]
    assert schemas["Prediction"]["properties"].keys() == {"id", "value", "score"}
    assert "anomaly" in schemas["Model"]["properties"]["task"]["enum"]
    (prediction,) = examples["PredictResponse"]["value"]["predictions"]
    assert (prediction["value"], prediction["score"]) == (-1, pytest.approx(-0.6))


def test_a_detector_on_the_pages(detector: Desk) -> None:
    (record,) = predicted(detector, ANOMALY)
    shown = content.result(detector.service, record)
    assert shown["value"] == "anomaly (-1)"
    assert shown["score"] == f"Its score is {record.score:.7g}; an anomaly is below -0.5."
    actual, _ = content.feedback_inputs(detector.service.signature)
    assert actual.choices == [("", ""), ("-1", "anomaly (-1)"), ("1", "normal (1)")]
    content.give_feedback(detector.service, record, {"actual": "1", "comment": ""})
    (row,) = content.history(detector.service, {})["predictions"]
    assert (row["value"], row["feedback"]) == ("anomaly (-1)", "normal (1)")


def test_a_detector_in_the_admin(detector: Desk) -> None:
    usual, unusual = predicted(detector, NORMAL, ANOMALY)
    columns = records.columns(detector.service.signature)
    labels = [column.label for column in columns]
    assert labels == ["Prediction", "Score", "True outcome", "Amount", "Hour"]
    cells = [column.read(unusual) for column in columns]
    assert cells == ["anomaly (-1)", unusual.score, None, 900.0, 3]
    facts = {fact["name"]: fact["value"] for fact in _details(detector, unusual)["about"]}
    assert facts["Score"] == f"{unusual.score:.7g}"
    assert facts["Anomalies score below"] == "-0.5"
    (saved,) = [feedback.save_typed(detector.service, {f"actual:{unusual.id}": "1"})]
    assert (saved.count, saved.faults) == (1, {})
    file = f"id,actual\n{usual.id},anomaly\n".encode()
    assert feedback.save_file(detector.service, file).faults == {}
    known = detector.log.page(Query(has_feedback=True))
    assert [record.feedback and record.feedback.actual for record in known] == [1, -1]
    figures = monitor.figures(detector.service)
    assert figures["outputs"] == {"anomaly (-1)": 1, "normal (1)": 1}
    assert figures["score"] == {"name": "Share that was right", "points": [0.0]}
    lines = "".join(export.csv_lines(known, detector.service.signature))
    first, *_ = csv.DictReader(io.StringIO(lines))
    assert (first["prediction"], first["prediction_score"]) == ("-1", str(unusual.score))
    assert first["actual"] == "1"


def _details(desk: Desk, record: Record) -> dict[str, Any]:
    return records.details(desk.service.signature_of(record.model_version), record, {})


def test_a_score_is_moved_with_its_prediction(detector: Desk) -> None:
    (record,) = predicted(detector, ANOMALY)
    assert from_line(to_line(record), {"prediction"}) == ("prediction", record)


def test_clusters_are_told_by_their_numbers(clusters: Desk) -> None:
    found = predicted(clusters, *FLATS)
    assert sorted(record.value for record in found) == [0, 1, 2]
    assert [record.label for record in found] == [str(record.value) for record in found]
    assert {(record.score, record.probabilities) for record in found} == {(None, None)}
    output = asked(clusters, "/api/v1/model")["output"]
    assert (output["name"], output["classes"], output["threshold"]) == ("cluster", [0, 1, 2], None)
    document = asked(clusters, "/openapi.json")
    assert document["components"]["schemas"]["Prediction"]["properties"].keys() == {"id", "value"}
    shown = content.result(clusters.service, found[0])
    assert (shown["label"], shown["score"]) == ("Cluster", "")
    assert monitor.figures(clusters.service)["outputs"] == {"0": 1, "1": 1, "2": 1}


def test_clusters_of_another_training_have_other_numbers(clusters: Desk) -> None:
    turned = [replace(one, value=2 - one.value) for one in predicted(clusters, *FLATS)]
    clusters.log.add([replace(one, label=str(one.value)) for one in turned])
    predictor = Predictor.load(clusters.service.deployment.root)
    told = list(comparison(replay(predictor, clusters.log, progress=False)))
    assert "Every training numbers its clusters anew: the same one may have another number." in told


GARMENT = {"length": 75.0, "warmth": 1.5}


@pytest.fixture
def garments(tmp_path: Path) -> Desk:
    models.publish_small_classes(tmp_path)
    return Desk(tmp_path, Settings)


def test_several_classes_are_told_by_their_targets(garments: Desk) -> None:
    (record,) = predicted(garments, GARMENT)
    assert record.value == {"size": "small", "$col.our": "dark"}
    assert record.label == "size small, $col.our dark"
    shares = record.probabilities or {}
    assert shares["size"].keys() == {"large", "medium", "small"}
    assert sum(shares["size"].values()) == pytest.approx(1)
    assert shares["$col.our"]["dark"] > 0.9
    listed = asked(garments, "/api/v1/predictions", label=record.label)["predictions"]
    assert listed == [record.as_dict()]
    document = asked(garments, "/openapi.json")
    value = document["components"]["schemas"]["Value"]
    assert value["properties"]["$col.our"] == {"enum": ["dark", "light"], "description": ""}
    (example,) = document["components"]["examples"]["PredictResponse"]["value"]["predictions"]
    assert example["probabilities"]["$col.our"] == {"dark": 0.8, "light": 0.2}


def test_several_classes_by_other_protocols(garments: Desk) -> None:
    (record,) = predicted(garments, GARMENT)
    outputs = asked(garments, "/v2/models/garments")["outputs"]
    assert [(one["name"], one["datatype"], one["shape"]) for one in outputs] == [
        ("size", "BYTES", [-1]),
        ("size_probabilities", "FP64", [-1, 3]),
        ("$col.our", "BYTES", [-1]),
        ("$col.our_probabilities", "FP64", [-1, 2]),
        ("id", "BYTES", [-1]),
    ]
    body = {"inputs": [{"name": "x", "shape": [1, 2], "datatype": "FP64", "data": [75.0, 1.5]}]}
    size, shares, *_ = asked(garments, "/v2/models/garments/infer", body)["outputs"]
    assert size["data"] == ["small"]
    assert shares["data"] == [*(record.probabilities or {})["size"].values()]
    bare = asked(garments, "/invocations", {"instances": [GARMENT]})["predictions"]
    assert bare == [["small", "dark"]]


def test_several_true_classes(garments: Desk) -> None:
    one, two, three = predicted(garments, GARMENT, GARMENT, GARMENT)
    signature = garments.service.signature
    size, colour, _ = content.feedback_inputs(signature)
    assert (size.name, size.label, size.kind) == ("actual_size", "Actual size sold", "select")
    assert colour.choices == [("", ""), ("dark", "dark"), ("light", "light")]
    right = {"actual_size": "small", "actual_$col.our": "dark", "comment": ""}
    content.give_feedback(garments.service, one, right)
    typed = {f"actual_size:{two.id}": "small", f"actual_$col.our:{two.id}": "light"}
    assert feedback.save_typed(garments.service, typed).faults == {}
    wrong = garments.ask(f"/api/v1/predictions/{three.id}/feedback", {"actual": {"size": "tall"}})
    faults = json.loads(wrong.body)["errors"]
    assert [fault["loc"] for fault in faults] == [["actual", "size"], ["actual", "$col.our"]]
    figures = monitor.figures(garments.service)
    assert figures["outputs"] == {"large": 0, "medium": 0, "small": 3}
    assert figures["score"] == {"name": "Share that was right", "points": [0.5]}
    (waiting,) = feedback.waiting(garments.service, {}, feedback.Saved())
    assert [[c["name"] for c in part["choices"]] for part in waiting["actual"]] == [
        ["large", "medium", "small"],
        ["dark", "light"],
    ]
    known = garments.log.page(Query(has_feedback=True))
    assert Totals.of(known[0]).correct == 0
    assert Totals.of(known[1]).correct == 1


def test_several_classes_on_pages_and_in_the_admin(garments: Desk) -> None:
    (record,) = predicted(garments, GARMENT)
    shown = content.result(garments.service, record)
    assert shown["value"] == "size small, $col.our dark"
    assert [part["value"] for part in shown["targets"]] == ["small", "dark"]
    bars = [(bar["label"], bar["chosen"]) for bar in shown["probabilities"]]
    assert bars[0] == ("Size sold: small", True)
    assert bars[3:] == [("$col.our: dark", True), ("$col.our: light", False)]
    columns = records.columns(garments.service.signature)
    assert [column.read(record) for column in columns[:2]] == ["small", "dark"]
    assert _details(garments, record)["shares"][3]["label"] == "$col.our: dark"
    (line,) = csv.DictReader(
        io.StringIO("".join(export.csv_lines([record], garments.service.signature)))
    )
    assert (line["prediction_size"], line["prediction_$col.our"]) == ("small", "dark")
    share = (record.probabilities or {})["$col.our"]["dark"]
    assert line["probability of $col.our dark"] == str(share)
    assert from_line(to_line(record), {"prediction"}) == ("prediction", record)


def test_several_classes_are_replayed(garments: Desk) -> None:
    (record,) = predicted(garments, GARMENT)
    other = record.value | {"size": "large"}
    garments.log.add([replace(record, value=other, label="size large, $col.our dark")])
    predictor = Predictor.load(garments.service.deployment.root)
    told = list(comparison(replay(predictor, garments.log, progress=False)))
    assert "          1  size large, $col.our dark -> size small, $col.our dark" in told

"""What callers send with a row to find its prediction by, and what an owner's rules decide."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from modeldesk.ml import rules as module
from modeldesk.ml.answered import Prediction
from modeldesk.ml.rows import Row
from modeldesk.ml.rules import Rules
from modeldesk.pages.content import prediction_inputs, result
from modeldesk.serving.answers import Problem
from modeldesk.serving.lines import from_line, to_line
from modeldesk.serving.settings import Settings
from modeldesk.staff.export import csv_lines
from modeldesk.staff.feedback import save_file

from .desk import ROW, Desk

KINDS = ("prediction",)


def dear(row: Row, prediction: Prediction) -> str:
    return "dear"


@pytest.fixture
def desk(small_model: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A service whose owner calls the reference an order, and finds every house dear."""
    monkeypatch.chdir(folder)
    own = Rules("ours.predicting", decide=dear, reference="order")
    monkeypatch.setattr("modeldesk.ml.predictor.rules", lambda: own)
    yield Desk(small_model, Settings)
    module.rules.cache_clear()


def predict(desk: Desk, *orders: Any) -> list[dict[str, Any]]:
    answer = desk.ask("/api/v1/predict", {"instances": [ROW | {"order": one} for one in orders]})
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = json.loads(answer.body)["predictions"]
    return found


def detail(answer: Any) -> str:
    return str(json.loads(answer.body)["detail"])


def test_it_is_kept_and_given_back(desk: Desk) -> None:
    first, second, none = predict(desk, "A-1", 4711, None)
    assert (first["reference"], second["reference"]) == ("A-1", "4711")
    assert "reference" not in none
    record = desk.log.records[first["id"]]
    assert record.reference == "A-1"
    assert record.inputs == ROW
    assert json.loads(desk.ask(f"/api/v1/predictions/{first['id']}").body)["reference"] == "A-1"


def test_predictions_are_filtered_by_it(desk: Desk) -> None:
    first, second, third = predict(desk, "A-1", "A-2", "A-1")
    assert desk.listed(reference="A-1") == [third["id"], first["id"]]
    assert desk.listed(reference="A-2") == [second["id"]]
    assert desk.listed(reference="A") == []


def test_it_stands_for_the_id(desk: Desk) -> None:
    (first,) = predict(desk, "A-1")
    assert json.loads(desk.ask("/api/v1/predictions/A-1").body)["id"] == first["id"]
    given = {"actual": "cheap", "comment": "Sold."}
    assert desk.ask("/api/v1/predictions/A-1/feedback", given).status == 200
    feedback = desk.log.records[first["id"]].feedback
    assert feedback
    assert feedback.actual == "cheap"
    assert desk.ask("/api/v1/predictions/A-2/feedback", given).status == 404
    assert desk.ask(f"/api/v1/predictions/{'x' * 65}").status == 404


def test_one_that_several_have_names_none(desk: Desk) -> None:
    made = predict(desk, "A-1", "A-1")
    answer = desk.ask("/api/v1/predictions/A-1/feedback", {"actual": "cheap"})
    assert answer.status == 409
    assert all(one["id"] in detail(answer) for one in made)
    assert not any(record.feedback for record in desk.log.records.values())


def test_other_protocols_take_it(desk: Desk) -> None:
    name = desk.service.model["name"]
    assert (
        desk.ask(f"/v1/models/{name}:predict", {"instances": [ROW | {"order": "V1"}]}).status == 200
    )
    split = {"columns": [*ROW, "order"], "data": [[*ROW.values(), "MLflow"]]}
    assert desk.ask("/invocations", {"dataframe_split": split}).status == 200
    kinds = {"area": "FP64", "age": "FP64", "rooms": "INT64", "garden": "BOOL", "heating": "BYTES"}
    tensors = [
        {"name": key, "shape": [1], "datatype": kinds.get(key, "BYTES"), "data": [value]}
        for key, value in (ROW | {"order": "V2"}).items()
    ]
    assert desk.ask(f"/v2/models/{name}/infer", {"inputs": tensors}).status == 200
    assert [record.reference for record in desk.log.records.values()] == ["V1", "MLflow", "V2"]


def test_the_document_tells_of_it(desk: Desk, small_model: Path) -> None:
    document = json.loads(desk.ask("/openapi.json").body)
    schemas, parameters = document["components"]["schemas"], document["components"]["parameters"]
    assert schemas["Instance"]["properties"]["order"]["title"] == "order"
    assert "order" not in schemas["Instance"]["required"]
    assert parameters["reference"]["in"] == "query"
    assert (
        parameters["record_id"]["description"]
        == "The id of a prediction, or the order sent with it"
    )


def test_without_a_name_nothing_tells_of_it(
    small_model: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    plain = Desk(small_model, Settings)
    assert "reference" not in json.dumps(json.loads(plain.ask("/openapi.json").body))
    answer = plain.ask("/api/v1/predict", {"instances": [ROW | {"order": "A-1"}]})
    assert answer.status == 422


def test_the_models_own_answer_stays_in_the_log(desk: Desk) -> None:
    (made,) = predict(desk, "A-1")
    assert made["value"] == "dear"
    entry = json.loads(desk.ask(f"/api/v1/predictions/{made['id']}").body)
    assert (entry["value"], entry["model_value"]) == ("dear", "cheap")
    assert desk.log.records[made["id"]].label == "dear"


def test_pages_show_both(desk: Desk) -> None:
    (made,) = predict(desk, "A-1")
    shown = result(desk.service, desk.log.records[made["id"]])
    assert (shown["value"], shown["model_value"], shown["reference"]) == ("dear", "cheap", "A-1")
    *_, last = prediction_inputs(desk.service.predictor)
    assert (last.name, last.label, last.required) == ("order", "Order", False)


def test_it_survives_an_export(desk: Desk) -> None:
    (made,) = predict(desk, "A-1")
    record = desk.log.records[made["id"]]
    assert from_line(to_line(record), KINDS) == ("prediction", record)


def test_outcomes_of_a_file_are_found_by_it(desk: Desk) -> None:
    made = predict(desk, "A-1", "A-2", "A-2")
    saved = save_file(desk.service, b"order,actual\nA-1,cheap\nA-2,cheap\nA-3,cheap\n")
    assert saved.count == 1
    assert "Several predictions" in saved.faults["Row 2"]
    assert saved.faults["Row 3"] == "There is no such prediction."
    assert desk.log.records[made[0]["id"]].feedback


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_outcomes_come_in_any_file_that_is_read(desk: Desk, mark: str, encoding: str) -> None:
    predict(desk, "A-1", "A-2")
    lines = [" order ,actual,comment,", "A-1,cheap,so,", "", ",,,", "A-2,,,", "A-2,cheap", ""]
    content = "\r\n".join(lines).replace(",", mark).encode(encoding)
    saved = save_file(desk.service, content)
    assert saved.count == 1
    assert saved.faults["Row 4"].startswith("This row has 2 cells where the header has 4; ")
    assert "Row 3" in saved.faults
    with pytest.raises(Problem, match=r"line 2; save it as CSV in UTF-8\."):
        save_file(desk.service, b"order,actual\nA-1,ch\xe9ap\n")
    with pytest.raises(Problem, match="'actual' twice"):
        save_file(desk.service, b"order,actual,actual\nA-1,cheap,cheap\n")


def test_what_the_admin_exported_it_takes_back(desk: Desk) -> None:
    made = predict(desk, "=1+1", "'-1", "-1", "A-4", "A-5")
    told = desk.log.records[made[3]["id"]]
    desk.service.give_feedback(told, {"actual": "cheap", "comment": "=so"})

    def exported() -> list[dict[str, str]]:
        text = "".join(csv_lines(desk.log.records.values(), desk.service.signature, "order"))
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def back(*names: str) -> Any:
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, names or lines[0], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(lines)
        return save_file(desk.service, out.getvalue().encode())

    lines = exported()
    assert (back().count, back().faults) == (0, {})
    lines[0] |= {"actual": "dear", "comment": "'=1"}
    lines[3]["actual"] = "dear"  # it has another one
    saved = back()
    assert (saved.count, [*saved.faults]) == (1, ["Row 4"])
    assert "has its true outcome already" in saved.faults["Row 4"]
    feedback = desk.log.records[made[0]["id"]].feedback
    assert feedback
    assert (feedback.actual, feedback.comment) == ("dear", "=1")
    lines = exported()
    assert (lines[0]["comment"], lines[3]["comment"]) == ("'=1", "'=so")
    lines = lines[1:3]
    lines[0]["actual"] = lines[1]["actual"] = "cheap"
    assert [line["order"] for line in lines] == ["''-1", "-1"]
    assert back("order", "actual").count == 2  # found by what callers call theirs
    lines[0]["colour"] = "red"
    with pytest.raises(Problem, match="must have the columns"):
        back("id", "actual", "colour")


def test_the_admins_file_has_its_column(desk: Desk) -> None:
    predict(desk, "A-1")
    lines = list(csv_lines(desk.log.records.values(), desk.service.signature, "order"))
    assert lines[0].startswith("id,created_at,request_id,model_version,order,area,")
    assert ",A-1," in lines[1]

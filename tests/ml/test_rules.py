"""An owner's rules: what they may find and give, on every way in, and what is told of bad ones."""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from modeldesk.ml import rules as module
from modeldesk.ml.answered import Prediction
from modeldesk.ml.artifact import ArtifactError
from modeldesk.ml.batch import predict_file
from modeldesk.ml.predictor import Predictor
from modeldesk.ml.rows import Row
from modeldesk.ml.rules import RuleError, Rules
from modeldesk.ml.validation import InvalidInstances
from modeldesk.testing.models import (
    publish_small_model,
    publish_small_regression,
    publish_small_targets,
)

HOUSE = {"area": 100.0, "age": 10.0, "rooms": 4, "garden": True, "heating": "gas"}


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classification of houses, dear or cheap."""
    return publish_small_model(tmp_path_factory.mktemp("houses")).path.parent


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A regression."""
    return publish_small_regression(tmp_path_factory.mktemp("prices")).path.parent


def ruled(root: Path, **functions: Any) -> Predictor:
    """The predictor of a folder of models, with these rules."""
    found = Predictor.load(root)
    return Predictor(found.artifact, found.engine, Rules("my_service.predicting", **functions))


def crowded(row: Row) -> Iterator[tuple[str, str]]:
    if row["rooms"] * 5 > row["area"]:
        yield "rooms", "So many rooms do not fit."
        yield "area", "It is too small for its rooms."


def test_a_rule_finds_faults_beside_the_features(houses: Path) -> None:
    validator = ruled(houses, check=crowded).validator
    with pytest.raises(InvalidInstances) as refused:
        validator.from_json([HOUSE, HOUSE | {"area": 21.0, "rooms": 8}])
    assert [fault.as_dict() for fault in refused.value.faults] == [
        {"loc": ["instances", 1, "rooms"], "msg": "So many rooms do not fit.", "type": "rule"},
        {"loc": ["instances", 1, "area"], "msg": "It is too small for its rooms.", "type": "rule"},
    ]
    assert validator.from_json([HOUSE])[0] == [HOUSE]


def test_rules_hold_for_forms_and_tables(houses: Path) -> None:
    validator = ruled(houses, check=crowded).validator
    small = HOUSE | {"area": 21.0, "rooms": 8}
    with pytest.raises(InvalidInstances) as typed:
        validator.from_text({name: str(value).lower() for name, value in small.items()})
    with pytest.raises(InvalidInstances) as given:
        validator.from_values(small)
    for refused in (typed, given):
        assert [fault.loc for fault in refused.value.faults] == [("rooms",), ("area",)]


def test_rules_see_only_what_the_signature_allows(houses: Path) -> None:
    seen: list[Row] = []

    def check(row: Row) -> list[tuple[str, str]]:
        seen.append(row)
        return []

    validator = ruled(houses, check=check).validator
    with pytest.raises(InvalidInstances):
        validator.from_json([HOUSE | {"rooms": "four"}])
    assert seen == []


def test_an_answer_is_decided_and_the_models_own_is_kept(houses: Path) -> None:
    def careful(row: Row, prediction: Prediction) -> str:
        return "dear" if row["garden"] else prediction.value

    plain, decided = Predictor.load(houses), ruled(houses, decide=careful)
    cheap = HOUSE | {"area": 21.0, "rooms": 1}
    rows = [cheap, cheap | {"garden": False}]
    own = plain.predict(rows)
    assert [answer.value for answer in own] == ["cheap", "cheap"]
    answers = decided.predict(rows)
    assert answers[0] == replace(own[0], value="dear", model_value="cheap")
    assert answers[1] == own[1]


def test_numbers_may_be_of_numpy(prices: Path) -> None:
    import numpy as np

    predictor = ruled(prices, decide=lambda row, answer: np.float32(1.5))
    (answer,) = predictor.predict([{"area": 100.0, "rooms": 4}])
    assert (answer.value, type(answer.value)) == (1.5, float)


def test_a_file_is_predicted_by_the_rules(houses: Path, tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(
        "area,age,rooms,garden,heating\n100,10,4,true,gas\n21,10,8,true,gas\n", encoding="utf-8"
    )
    predictor = ruled(houses, check=crowded, decide=lambda row, answer: "dear")
    summary = predict_file(predictor, source, target, progress=False)
    assert (summary.rows, summary.refused) == (2, 1)
    first, second = target.read_text("utf-8").splitlines()[1:]
    assert first.startswith("100,10,4,true,gas,dear,")
    assert second.endswith("So many rooms do not fit. It is too small for its rooms.")


def fails(*_: Any) -> Any:
    return 1 / 0


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (fails, "`check` in my_service.predicting failed: .*division by zero.*; mend it"),
        (lambda row: ["rooms"], "gave 'rooms'; it gives pairs of a feature"),
        (lambda row: [("cellar", "There is none.")], "gave .'cellar'.*; it gives pairs"),
        (lambda row: [("rooms", 5)], "it gives pairs of a feature .area, age, rooms"),
        (lambda row: None, "`check` in my_service.predicting failed: .*; mend it"),
    ],
)
def test_a_check_that_fails(houses: Path, check: Callable[..., Any], words: str) -> None:
    with pytest.raises(RuleError, match=words):
        ruled(houses, check=check).validator.from_json([HOUSE])


@pytest.mark.parametrize(
    ("model", "given", "words"),
    [
        (publish_small_model, "maybe", "gave 'maybe'; it gives one of the classes: cheap, dear"),
        (publish_small_model, None, "gave None; it gives one of the classes"),
        (publish_small_model, ["dear"], "it gives one of the classes"),
        (publish_small_regression, "much", "gave 'much'; it gives a finite number"),
        (publish_small_regression, True, "it gives a finite number"),
        (publish_small_regression, float("nan"), "gave nan; it gives a finite number"),
        (publish_small_targets, 1.0, "a dictionary with a number for each of rent, .heat.ing"),
        (publish_small_targets, {"rent": 1.0}, "a dictionary with a number for each"),
    ],
)
def test_an_answer_that_is_none(
    tmp_path: Path, model: Callable[[Path], Any], given: Any, words: str
) -> None:
    artifact = model(tmp_path)
    predictor = ruled(tmp_path, decide=lambda row, answer: given)
    with pytest.raises(RuleError, match=words):
        predictor.predict([artifact.signature.example])


def test_a_decision_that_fails(houses: Path) -> None:
    with pytest.raises(RuleError, match=r"`decide` in my_service.predicting failed: .*; mend it"):
        ruled(houses, decide=fails).predict([HOUSE])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file of the rules of a project that is installed, whose module is `ours_predicting`."""
    about = tmp_path / "ours-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: ours\nVersion: 1\n", "utf-8")
    points = "[modeldesk]\npredicting = ours_predicting\n"
    (about / "entry_points.txt").write_text(points, "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    module.rules.cache_clear()
    yield tmp_path / "ours_predicting.py"
    module.rules.cache_clear()
    sys.modules.pop("ours_predicting", None)


def test_rules_are_those_of_the_installed_project(houses: Path, project: Path) -> None:
    project.write_text("def decide(row, prediction):\n    return 'dear'\n", "utf-8")
    predictor = Predictor.load(houses)
    assert predictor.rules.source == "ours_predicting"
    assert predictor.rules.check is None
    assert predictor.predict([HOUSE])[0].value == "dear"


def test_what_a_project_begins_with_is_not_called(houses: Path, project: Path) -> None:
    given = Path("template_common/src/package/predicting.py").read_text("utf-8")
    project.write_text(given, "utf-8")
    rules = Predictor.load(houses).rules
    assert (rules.check, rules.decide, rules.reference) == (None, None, None)


@pytest.mark.parametrize(
    ("begins", "becomes"),
    [
        ("    yield from ()\n", "    yield 'rooms', 'None will do.'\n"),
        ("return prediction.value\n", "return prediction.model_value\n"),
        ("return prediction.value\n", "return prediction.value or 'dear'\n"),
    ],
)
def test_what_its_owner_made_of_it_is(
    houses: Path, project: Path, begins: str, becomes: str
) -> None:
    given = Path("template_common/src/package/predicting.py").read_text("utf-8")
    assert given.count(begins) == 1
    project.write_text(given.replace(begins, becomes), "utf-8")
    found = module.rules()
    assert (found.check or found.decide) is not None


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def decide(", "ours_predicting cannot be imported: .*; mend it"),
        ("import nowhere_to_be_found", "ours_predicting cannot be imported: .*nowhere"),
        ("def check(row):\n    return row['x']\n", "`check` in ours_predicting, line 2, failed"),
    ],
)
def test_bad_rules_keep_a_model_from_being_served(
    houses: Path, project: Path, code: str, words: str
) -> None:
    project.write_text(code, "utf-8")
    with pytest.raises(ArtifactError, match=words):
        Predictor.load(houses)


def test_a_rule_that_refuses_the_models_own_example(houses: Path, project: Path) -> None:
    project.write_text("def check(row):\n    yield 'area', 'No houses today.'\n", "utf-8")
    with pytest.raises(ArtifactError, match=r"example.*No houses today"):
        Predictor.load(houses)


def test_rules_that_do_not_end(
    houses: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST", 0.2)
    project.write_text("import time\n\ndef check(row):\n    time.sleep(60)\n    yield from ()\n")
    started = time.monotonic()
    with pytest.raises(RuleError, match="rules in ours_predicting did not end within"):
        Predictor.load(houses)
    assert time.monotonic() - started < 30


def referred(root: Path) -> Predictor:
    found = Predictor.load(root)
    return Predictor(found.artifact, found.engine, Rules(reference="order"))


@pytest.mark.parametrize(("given", "kept"), [("A 4711", "A 4711"), (4711, "4711"), (None, None)])
def test_a_reference_comes_with_its_row(houses: Path, given: Any, kept: str | None) -> None:
    predictor = referred(houses)
    (row,), _ = predictor.validator.from_json([HOUSE | {"order": given}])
    assert row == HOUSE | {"order": kept}
    assert predictor.predict([row])
    assert predictor.validator.from_json([HOUSE])[0] == [HOUSE | {"order": None}]
    assert predictor.validator.from_values(HOUSE | {"order": given})[0] == row


def test_a_reference_is_typed(houses: Path) -> None:
    typed = {name: str(value).lower() for name, value in HOUSE.items()}
    row, _ = referred(houses).validator.from_text(typed | {"order": "4711", "other": "1"})
    assert row["order"] == "4711"


@pytest.mark.parametrize("given", ["", "x" * 65, 1.5, True, ["4711"], "a\0b"])
def test_what_is_no_reference(houses: Path, given: Any) -> None:
    with pytest.raises(InvalidInstances) as refused:
        referred(houses).validator.from_json([HOUSE | {"order": given}])
    (fault,) = refused.value.faults
    assert fault.loc == ("instances", 0, "order")
    assert fault.msg.startswith("order should be a text of 1 to 64 characters")


def test_without_a_name_for_it_a_reference_is_no_feature(houses: Path) -> None:
    with pytest.raises(InvalidInstances, match="'order' is not a feature"):
        Predictor.load(houses).validator.from_json([HOUSE | {"order": "4711"}])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("'area'", "REFERENCE in ours_predicting is 'area', as is a feature; choose another"),
        ("''", "REFERENCE in ours_predicting is ''; write a name, or None"),
        ("5", "REFERENCE in ours_predicting is 5; write a name"),
    ],
)
def test_bad_names_of_a_reference(houses: Path, project: Path, name: str, words: str) -> None:
    project.write_text(f"REFERENCE = {name}\n", "utf-8")
    with pytest.raises(RuleError, match=words):
        Predictor.load(houses)

"""Training, for real: shorten this test, or drop it, once `ml/train.py` takes its time."""

import shutil
from pathlib import Path
from typing import Any

from modeldesk.ml.predictor import Predictor
from modeldesk.ml.versions import current_version, versions
from modeldesk.serving.log import Feedback

from .framework import prediction_log
from .records import MOMENT, record
from .running import database_of, manage


def test_what_is_trained_can_be_served(folder: Path) -> None:
    done = manage(folder, "train")
    if "Nothing to train yet" in done.stderr:
        # Until ml/train.py is written it says so, and where it is.
        assert done.returncode == 1
        assert "train.py" in done.stderr
        assert not (folder / "artifacts").exists()
        return
    assert done.returncode == 0, done.stderr
    predictor = Predictor.load(folder / "artifacts")
    assert predictor.version in done.stdout
    for name in predictor.artifact.metrics["metrics"]:
        assert name in done.stdout
    rows, warnings = predictor.validator.from_json([predictor.signature.example])
    assert len(predictor.predict(rows)) == 1
    assert warnings == []


def test_training_with_feedback(project: Path) -> None:
    """Rows of the log, all with an outcome that was not predicted, change the model."""
    if manage(project, "train").returncode:
        return  # nothing to train yet
    before = Predictor.load(project / "artifacts")
    output, example = before.signature.output, before.signature.example
    (row,), _ = before.validator.from_json([example])
    (answer,) = before.predict([row])
    actual: Any
    if output.classes:
        actual = next(value for value in output.classes if value != answer.value)
    elif output.targets:
        actual = {name: number + 100.0 for name, number in answer.value.items()}
    else:
        actual = answer.value + 100.0
    given = record(
        inputs=row,
        value=answer.value,
        label=str(answer.value) if output.classes else None,
        feedback=Feedback(actual, "", MOMENT),
        model_version=before.version,
    )
    with prediction_log(database_of(project)) as log:
        log.add([given, *(record(inputs=row, value=answer.value) for _ in range(5))])
        done = manage(project, "train", "--with-feedback")
    if "add the line `X, y = with_feedback(X, y)`" in done.stderr:
        assert done.returncode == 1
        assert Predictor.load(project / "artifacts").version == before.version
        return
    assert done.returncode == 0, done.stderr
    assert "and 1 logged one\n" in done.stdout
    after = Predictor.load(project / "artifacts")
    assert after.version != before.version
    metrics = after.artifact.metrics
    assert metrics["logged_rows"] == 1
    assert metrics["held_out_rows"] == before.artifact.metrics["held_out_rows"]


def test_feedback_that_cannot_be_had(project: Path) -> None:
    for words in ("manage", "No logged prediction has a true outcome yet, so nothing is trained"):
        done = manage(project, "train", "--with-feedback")
        assert done.returncode == 1
        assert words in done.stderr
        assert done.stderr.startswith("Error: ")
        assert not (project / "artifacts").exists()
        with prediction_log(database_of(project)):
            pass


def test_training_over_a_model_that_takes_other_rows(folder: Path, small_model: Path) -> None:
    root = Path(shutil.copytree(small_model, folder / "artifacts"))
    before, there = current_version(root), set(versions(root))
    refused = manage(folder, "train")
    if "Nothing to train yet" in refused.stderr:
        return
    assert refused.returncode == 1
    assert "would break callers" in refused.stderr
    (saved,) = set(versions(root)) - there
    assert f"manage promote {saved} --force" in refused.stderr
    waiting = manage(folder, "train", "--no-promote")
    assert waiting.returncode == 0, waiting.stderr
    assert "is saved; to serve it: `manage promote " in waiting.stdout
    assert current_version(root) == before
    done = manage(folder, "train", "--force")
    assert done.returncode == 0, done.stderr
    assert f"Version {current_version(root)} of " in done.stdout

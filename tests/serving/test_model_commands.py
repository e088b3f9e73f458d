"""What the commands about models do and say, whichever framework reads what is typed."""

import pickle
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from modeldesk.ml import ArtifactError
from modeldesk.ml.artifact import load
from modeldesk.ml.promotion import Incompatible
from modeldesk.ml.versions import current_version, versions
from modeldesk.serving import commands, version_commands
from modeldesk.testing import models
from sklearn.linear_model import LogisticRegression

from .. import owner
from ..ml.test_promotion import damage, release

TRAIN = """
from pathlib import Path

from modeldesk.ml.project import artifacts_dir
from modeldesk.testing.models import publish_small_model


def main():
    return publish_small_model(artifacts_dir())
"""
IMPORT: dict[str, Any] = {"yes": True}


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a project, which commands are typed in."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("ARTIFACTS_DIR", raising=False)
    return folder


@pytest.fixture
def trains(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A project whose training makes the small model."""
    with owner.installed(tmp_path_factory.mktemp("project"), train=TRAIN):
        yield


@pytest.fixture
def brought(here: Path) -> Path:
    """With a model that somebody has, and rows it was not trained on."""
    X, y = models.houses(300)
    fitted = models.pipeline(LogisticRegression()).fit(X[:150], y[:150])
    (here / "my-model.pkl").write_bytes(pickle.dumps(fitted))
    X[150:].assign(price=y[150:]).to_csv(here / "rows.csv", index=False)
    return here


def import_model(
    *, answer: bool = False, asked: list[str] | None = None, **options: Any
) -> list[str]:
    """What it says; `answer` is that of whoever is `asked` something."""
    said: list[str] = []

    def ask(question: str) -> bool:
        (asked if asked is not None else []).append(question)
        return answer

    commands.import_model(
        Path("my-model.pkl"),
        Path("rows.csv"),
        ["price"],
        **IMPORT | options,
        ask=ask,
        say=said.append,
    )
    return said


def test_a_model_is_imported(brought: Path) -> None:
    said = import_model()
    version = load(brought / "artifacts").version
    assert said[0].split() == ["column", "type", "decided", "by", "values", "gaps"]
    assert said[5].startswith("heating  category  text to OneHotEncoder with 3 levels")
    said = said[said.index("Served and original, compared on 150 of 150 rows of rows.csv") :]
    assert said[:2] == [
        "Served and original, compared on 150 of 150 rows of rows.csv",
        "  labels equal        yes",
    ]
    assert re.fullmatch(r"  worst difference    \d\S*", said[2])
    assert said[3] == "Score on 150 rows of rows.csv"
    assert [line.split()[0] for line in said[4:-2]] == [
        *("accuracy", "balanced_accuracy", "f1_macro", "log_loss")
    ]
    assert said[-2:] == [
        "Served by ONNX Runtime, which needs none of the libraries it was trained with",
        f"Version {version} of my-model is current.",
    ]


def test_a_file_that_can_run_code_is_read_by_those_who_agree(
    brought: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is no person, at no terminal, is not even asked."""
    asked: list[str] = []
    for at_a_terminal, answer in ((False, True), (True, False)):
        monkeypatch.setattr(sys.stdin, "isatty", lambda found=at_a_terminal: found)
        with pytest.raises(ArtifactError) as refused:
            import_model(yes=False, answer=answer, asked=asked)
        assert str(refused.value).startswith("my-model.pkl was not read, as nobody agreed")
        assert "\n" not in str(refused.value)
        assert not (brought / "artifacts").exists()
    (question,) = asked
    assert "run code" in question
    assert question.endswith("Read it?")
    import_model(yes=False, answer=True)
    assert load(brought / "artifacts").signature.name == "my-model"


def test_a_model_that_takes_other_rows_is_imported(brought: Path) -> None:
    root = brought / "artifacts"
    before = models.publish_small_regression(root).version
    with pytest.raises(Incompatible, match="would break callers") as refused:
        import_model()
    (saved,) = set(versions(root)) - {before}
    assert f"manage promote {saved} --force" in str(refused.value)
    waiting = import_model(promote=False)
    assert waiting[-1] == (
        f"Version {saved} of my-model is saved; to serve it: `manage promote {saved}`"
    )
    assert load(root).version == before
    assert import_model(force=True)[-1] == f"Version {saved} of my-model is current."
    assert load(root).version == saved


def test_options_reach_the_import(brought: Path) -> None:
    with pytest.raises(ArtifactError, match="leave out `--classes`"):
        import_model(classes="cheap,dear")
    assert import_model(name="homes")[-1].endswith(" of homes is current.")
    (brought / "rows.csv").write_bytes(
        (brought / "rows.csv").read_bytes().replace(b"gas", b"g\xe4s")
    )
    with pytest.raises(ValueError, match="not utf-8 text"):
        import_model()
    (brought / "rows.csv").write_text(
        "area,age,rooms,garden,heating,price\n1,2,3,True,last week,cheap\n", "utf-8"
    )
    with pytest.raises(ValueError, match=r"'heating' of rows\.csv has 'last week' in row 1"):
        import_model(told={"date": ["heating"]})


def test_training_is_that_of_the_project(here: Path, trains: None) -> None:
    said: list[str] = []
    artifact = commands.train(said.append)
    assert load(here / "artifacts").version == artifact.version
    assert said[0] == f"Version {artifact.version} of houses is current."
    assert [line.split()[0] for line in said[1:]] == list(artifact.metrics["metrics"])
    for line in said[1:]:
        assert re.fullmatch(r"  \w+ +\d\S*", line)


def test_training_over_a_model_that_takes_other_rows(here: Path, trains: None) -> None:
    root = here / "artifacts"
    before = models.publish_small_regression(root).version
    with pytest.raises(Incompatible, match="would break callers") as refused:
        commands.train(print)
    (saved,) = set(versions(root)) - {before}
    assert f"manage promote {saved} --force" in str(refused.value)
    said: list[str] = []
    commands.train(said.append, promote=False)
    assert said[0] == f"Version {saved} of houses is saved; to serve it: `manage promote {saved}`"
    assert current_version(root) == before
    commands.train(said.append, force=True)
    assert f"Version {saved} of houses is current." in said
    assert current_version(root) == saved


def test_without_a_project_nothing_is_trained(here: Path) -> None:
    with pytest.raises(ArtifactError, match="Training is named by no project"):
        commands.train(print)
    assert not (here / "artifacts").exists()


def said(command: Any, *typed: Any, **options: Any) -> str:
    """What a command about versions says, or why it does nothing."""
    lines: list[str] = []
    try:
        command(*typed, **options, say=lines.append)
    except ArtifactError as error:
        lines += [f"Error: {error}", *lines]
    text = "\n".join(lines)
    assert len(lines) == 1 or "Error" not in text
    return text


def test_versions_are_listed_compared_promoted_and_rolled_back(here: Path) -> None:
    root = here / "artifacts"
    listed, compare = version_commands.list_versions, version_commands.compare
    promote, roll_back = version_commands.promote, version_commands.roll_back
    assert "no version in" in (error := said(listed))
    assert error.startswith("Error: ")
    first = models.publish_small_regression(root).version
    second = release(root, "wider", promote=False).version
    third = release(root, "other columns", promote=False).version
    assert "no version that was current before" in (error := said(roll_back))
    assert error.startswith("Error: ")

    table = said(compare, None, second[:6])
    assert first in table
    assert "r2 " in table
    assert "BREAKS" not in table
    lines = said(compare, second, third).splitlines()
    assert lines[0].split() == [second, third]
    (at,) = (n for n, line in enumerate(lines) if line.startswith("What callers of"))
    assert [line.split()[0] for line in lines[at + 1 : at + 3]] == ["BREAKS", "BREAKS"]
    assert "BREAKS" not in "".join(lines[at + 3 :])
    assert said(compare, first, first).splitlines()[-1] == (
        f"Callers of {first} meet no difference but the answers."
    )

    assert f"Version {second} of prices is current; before it was {first}" in (
        told := said(promote, second[:6], force=False)
    )
    assert told.endswith("Back to the one before: `manage rollback`")
    assert said(promote, second, force=False) == (
        f"Version {second} is the current one already; services load it anew."
    )
    assert "manage promote" in (error := said(promote, third, force=False))
    assert error.startswith("Error: ")
    assert "has no version 'dead'" in (error := said(promote, "dead", force=False))
    assert error.startswith("Error: ")
    assert current_version(root) == second
    assert "BREAKS" in said(promote, third, force=True)
    assert f"Version {second} of prices is current; before it was {third}" in said(roll_back)
    damage(root / first)
    rows = {line.split()[0]: line for line in said(listed).splitlines()[1:]}
    assert "current" in rows[second]
    assert "previous" in rows[third]
    assert "damaged" in rows[first]
    assert (root / "current").read_text().split()[0] == second

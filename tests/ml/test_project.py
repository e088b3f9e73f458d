"""How the library finds the project that it serves: its folder, its training, its own code."""

from pathlib import Path

import pytest
from modeldesk.ml import ArtifactError
from modeldesk.ml.project import packages, project_root, training, transformers

from .. import owner

TRAIN = "def main():\n    return 'trained'\n"


def test_no_project() -> None:
    with pytest.raises(ArtifactError, match="named by no project, where one") as caught:
        training()
    assert "`uv run`" in str(caught.value)
    assert packages() == ()
    assert transformers() == "src/your_package/transformers.py"


def test_the_project_that_is_installed(tmp_path: Path) -> None:
    with owner.installed(tmp_path, train=TRAIN):
        assert training()() == "trained"
        assert packages() == ("my_service.ml",)
        assert transformers() == owner.TRANSFORMERS
    assert packages() == ()


def test_two_projects_are_told_apart_by_nobody(tmp_path: Path) -> None:
    with (
        owner.installed(tmp_path / "a", train=TRAIN),
        owner.installed(tmp_path / "b", "other", train=TRAIN),
    ):
        named = r"named by my_service\.ml\.train:main and other\.ml\.train:main, where one"
        with pytest.raises(ArtifactError, match=named):
            training()
        assert packages() == ("my_service.ml", "other.ml")


def test_the_root_is_the_nearest_folder_of_a_project(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = folder / "a" / "b"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert project_root() == folder
    (folder / "a" / "pyproject.toml").touch()
    assert project_root() == folder / "a"


def test_of_several_projects_the_one_of_this_folder_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An environment may hold the project under the name that it had before."""
    here = tmp_path / "here"
    here.mkdir()
    (here / "pyproject.toml").write_text('[project]\nname = "My-Service"\n', "utf-8")
    monkeypatch.chdir(here)
    with (
        owner.installed(tmp_path / "a", train=TRAIN),
        owner.installed(tmp_path / "b", "other", train=TRAIN),
    ):
        assert training()() == "trained"
        assert packages() == ("my_service.ml",)

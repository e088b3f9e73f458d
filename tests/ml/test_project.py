"""How the library finds the project that it serves: its folder, its training, its own code."""

from pathlib import Path

import pytest
from modeldesk.ml import ArtifactError
from modeldesk.ml.project import environment, packages, project_root, training, transformers

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


@pytest.mark.parametrize("written", ["A=b\n", "\ufeffA=b\n", "export A='b'\r\n", "A = b # c\n"])
def test_a_file_of_the_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.chdir(folder)
    (folder / ".env").write_bytes(written.encode())
    assert environment()["A"] == "b"
    monkeypatch.setenv("A", "c")
    assert environment()["A"] == "c"


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("A=b\n".encode("utf-16"), r"\.env is not in UTF-8; save it so"),  # as PowerShell does
        ("A=ö\n".encode("latin-1"), r"\.env is not in UTF-8; save it so"),
        (b"A=b\n\nhello world\n", r"\.env, line 3: write NAME=value"),
        (b"A: b\n", r"\.env, line 1: write NAME=value"),
    ],
)
def test_a_file_of_the_environment_that_says_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, written: bytes, says: str
) -> None:
    monkeypatch.chdir(folder)
    (folder / ".env").write_bytes(written)
    with pytest.raises(ArtifactError, match=says):
        environment()

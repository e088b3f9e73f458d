"""Conflict markers are told of by file and line: by commands, and by the workflow of a project."""

import subprocess
from pathlib import Path

import pytest
import yaml
from modeldesk.serving.commands import sentence
from modeldesk.serving.doctor import examine
from modeldesk.serving.markers import markers_fault
from modeldesk.serving.settings import Settings

from ..rendering import render

CONFLICT = "a\n<<<<<<< before updating\nb\n=======\nc\n>>>>>>> after updating\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository that is the working directory, with a file that git ignores."""
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    for name, text in {
        "pyproject.toml": "",
        ".gitignore": "/data/\n",
        "data/kept.txt": CONFLICT,
        "src/größe.html": "all is well\n",
        "notes.md": "<<<< and ======= and >>>> are no markers\n",
    }.items():
        (path := tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    subprocess.run(["git", "add", "--all"], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_no_markers(project: Path) -> None:
    assert markers_fault() is None
    assert sentence(SyntaxError()) is None


def test_markers_are_named(project: Path) -> None:
    (project / "src" / "größe.html").write_text(CONFLICT, "utf-8")
    places = "src/größe.html, line 2, src/größe.html, line 6"
    expected = f"Conflict markers are in {places}; decide what is to stand there, and remove them."
    assert markers_fault() == markers_fault("src") == expected
    assert sentence(SyntaxError()) == expected
    settings = Settings.load()
    check = next(check for check in examine(settings, "127.0.0.1", 0) if check.name == "files")
    assert check.fault == expected


def test_only_what_is_served_stops_a_service(project: Path) -> None:
    (project / "notes.md").write_text(CONFLICT * 4, "utf-8")
    assert markers_fault("src") is None
    assert "notes.md, line 14 and 3 more;" in str(markers_fault())


def test_outside_of_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text(CONFLICT, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert markers_fault() is None


def test_the_workflow_names_them(project: Path) -> None:
    workflow = yaml.safe_load(render({"framework": "flask"})[".github/workflows/ci.yml"])
    (step,) = (step for step in workflow["jobs"]["test"]["steps"] if "git grep" in str(step))

    def told() -> subprocess.CompletedProcess[str]:
        command = ["bash", "-e", "-c", step["run"]]
        return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)

    assert told().returncode == 0
    (project / "notes.md").write_text(CONFLICT, "utf-8")
    found = told()
    assert found.returncode == 1
    assert "notes.md:2:<<<<<<< before updating" in found.stdout

"""Whether the library that is installed is the one that a project names."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from modeldesk.serving import installed as module
from modeldesk.serving.installed import installed, library_fault

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER = "f" * 40
URL = "https://git.example.com/template.git"


class Installed:
    """A distribution, as importlib.metadata gives it."""

    version = "1.2.3"

    def __init__(self, source: dict[str, Any] | None) -> None:
        self.source = source

    def read_text(self, name: str) -> str | None:
        assert name == "direct_url.json"
        return json.dumps(self.source) if self.source else None


def of_git(commit: str, url: str = URL) -> dict[str, Any]:
    return {"url": url, "vcs_info": {"vcs": "git", "commit_id": commit}}


def of_folder(url: str) -> dict[str, Any]:
    return {"url": url, "dir_info": {}}


@pytest.mark.parametrize(
    ("named", "source", "fault"),
    [
        (f"modeldesk[flask,sql] @ git+{URL}@{COMMIT}", of_git(COMMIT), ""),
        (
            f"modeldesk @ git+{URL}@{OTHER}",
            of_git(COMMIT),
            f"names git.*{OTHER}.*is http.*{COMMIT}",
        ),
        (f"modeldesk @ git+{URL}@{COMMIT}", of_git(COMMIT, "file:///srv/x"), "is file:///srv/x@"),
        (f"modeldesk @ git+{URL}@{COMMIT}", None, "version 1.2.3 of an index; run: uv sync"),
        ("modeldesk @ file:///srv/my%20clone", of_folder("file:///srv/my clone"), ""),
        ("modeldesk @ file:///srv/clone", of_folder("file:///srv/clone/"), ""),
        ("modeldesk @ file:///srv/clone", of_folder("file:///srv/other"), "is file:///srv/other;"),
        ("modeldesk~=1.2", None, ""),
        ("flask", of_git(COMMIT), ""),
    ],
)
def test_what_is_installed_and_what_is_named(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    named: str,
    source: dict[str, Any] | None,
    fault: str,
) -> None:
    monkeypatch.chdir(folder)
    (folder / "pyproject.toml").write_text(f'[project]\ndependencies = ["{named}"]\n', "utf-8")
    monkeypatch.setattr(module, "distribution", lambda _: Installed(source))
    found = library_fault()
    assert bool(found) == bool(fault)
    if found:
        assert re.search(fault, found), found


def test_a_library_that_was_taken_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    line = f'[project]\ndependencies = ["modeldesk @ git+{URL}@{COMMIT}"]\n'
    source = '[tool.uv.sources]\nmodeldesk = { path = "vendor/modeldesk", editable = true }\n'
    (folder / "pyproject.toml").write_text(line + source, "utf-8")
    there = (folder / "vendor" / "modeldesk").resolve().as_uri()
    monkeypatch.setattr(module, "distribution", lambda _: Installed(of_folder(there)))
    assert library_fault() is None
    monkeypatch.setattr(module, "distribution", lambda _: Installed(of_git(COMMIT)))
    assert "run: uv sync" in (library_fault() or "")


def test_an_image_has_no_pyproject(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "pyproject.toml").unlink()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(module, "distribution", lambda _: Installed(of_git(COMMIT)))
    assert library_fault() is None
    assert installed() == f"1.2.3, commit {COMMIT[:12]}"

"""A copy follows a new release, or a changed answer, and keeps what its owner did.

| from | to | variants | edits |
|---|---|---|---|
| a release | one that changes, adds and removes files | any two answers together | none |
| the same | the same | models, both frameworks | `edit` |
| the same | the same, and one other answer | corners, `FLIPS` | all of `small_edits` |
| v0.1.0, and the first of the library | today | corners | test_update_to_library |
| today | every other answer to every question | corners | test_conflicts, in memory |
"""

import re
import shutil
import subprocess
import sys
from difflib import unified_diff
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from copier.errors import UserMessageError
from modeldesk.serving.markers import markers_fault

from .helpers import (
    ANSWERS_FILE,
    blocks,
    commit,
    copy,
    need,
    release,
    run,
    tree,
)
from .rendering import render
from .replaying import corners, merge
from .small_edits import TOGETHER
from .variants import AXES, Answers, Project, choices, covering, leaders

OLD, NEW = "v0.0.1", "v0.0.2"
FRAMEWORKS = [str(choice.value) for choice in choices("framework", {})]
MODELS = [str(choice.value) for choice in choices("model", {})]
MIGRATIONS = {"flask": "migrations/versions", "django": "migrations"}
TRAIN = '"""The owner\'s own training."""\n'


def publish_a_change(template: Path) -> None:
    """What a release does: a file comes, one goes, some change; train.py is among these."""
    common = template / "template_common"
    config = common / "src" / "package" / "config.py.jinja"
    config.write_text(config.read_text("utf-8") + "\n# of the release\n", "utf-8")
    project = common / "pyproject.toml.jinja"
    before = project.read_text("utf-8")
    after = before.replace("line-length = 100", "line-length = 99")
    assert after != before
    project.write_text(after, "utf-8")
    for framework in FRAMEWORKS:
        root = template / f"template_{framework}"
        (root / "leaving.md").unlink()
        (root / "docs").mkdir()
        (root / "docs" / "new.md.jinja").write_text("New in {{ project_name }}.\n", "utf-8")
        train = root / "src" / "{{ package_name }}" / "ml" / "train.py.jinja"
        train.write_text(train.read_text("utf-8") + "# of the release\n", "utf-8")


@pytest.fixture(scope="module")
def releases(plain_git: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template with two releases."""
    folder = release(tmp_path_factory.mktemp("releases"))
    for framework in FRAMEWORKS:
        (folder / f"template_{framework}" / "leaving.md").write_text("Gone soon.\n", "utf-8")
    commit(folder, "old", OLD)
    publish_a_change(folder)
    commit(folder, "new", NEW)
    return folder


def copied(template: Path, folder: Path, answers: Answers, ref: str) -> Path:
    """A copy that its owner has committed."""
    copy(template, folder, answers, ref)
    run(folder, "git", "init", "--quiet")
    commit(folder, "copied")
    return folder


def update(project: Path, **data: Any) -> None:
    copier.run_update(project, data=data, defaults=True, overwrite=True, quiet=True)


def edit(project: Path, framework: str) -> None:
    """Work as an owner does: train.py, README, a dependency, files and a migration of one's own."""
    (package,) = (project / "src").iterdir()
    (package / "ml" / "train.py").write_text(TRAIN, "utf-8")
    (package / "ml" / "features.py").write_text('"""Ours."""\n', "utf-8")
    migrations = package / MIGRATIONS[framework]
    migrations.mkdir(parents=True, exist_ok=True)
    (migrations / "0002_ours.py").write_text('"""Ours."""\n', "utf-8")
    readme = project / "README.md"
    readme.write_text(readme.read_text("utf-8") + "\n## Our team\n\nAda and Bob.\n", "utf-8")
    run(project, need("uv"), "add", "--quiet", "--frozen", "boto3", "holidays>=0.60")


def assert_same(updated: Path, fresh: Path) -> None:
    """Byte for byte, but for what git keeps; and nothing was left to be decided."""
    got, wanted = tree(updated), tree(fresh)
    assert got.keys() == wanted.keys()
    different = [name for name in got if got[name] != wanted[name]]
    assert not different, "\n".join(
        line
        for name in different
        for line in unified_diff(
            wanted[name].decode().splitlines(), got[name].decode().splitlines(), name, lineterm=""
        )
    )
    assert not [name for name in got if name.endswith((".rej", ".orig"))]
    assert not [name for name, content in got.items() if b"<<<<<<<" in content]


def remembered(project: Path) -> dict[str, Any]:
    answers: dict[str, Any] = yaml.safe_load((project / ANSWERS_FILE).read_text("utf-8"))
    return answers


# So many that any two answers meet in one.
UPDATED = [
    p for p in leaders().values() if p.name in covering(leaders().values(), AXES, together=2)
]


@pytest.mark.parametrize("project", UPDATED, ids=lambda project: project.name)
def test_an_update_equals_a_fresh_copy(releases: Path, tmp_path: Path, project: Project) -> None:
    """The owner's train.py alone stays as it was copied."""
    updated = copied(releases, tmp_path / "updated", project.answers, OLD)
    (train,) = updated.glob("src/*/ml/train.py")
    as_copied = train.read_bytes()
    update(updated)
    fresh = copy(releases, tmp_path / "fresh", project.answers, NEW)
    assert train.read_bytes() == as_copied
    (changed,) = fresh.glob("src/*/ml/train.py")
    assert changed.read_bytes() != as_copied
    changed.write_bytes(as_copied)
    assert_same(updated, fresh)
    assert remembered(updated) == remembered(fresh)


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("model", MODELS)
def test_the_owners_work_survives(
    releases: Path, tmp_path: Path, framework: str, model: str
) -> None:
    answers = {"framework": framework, "model": model}
    updated = copied(releases, tmp_path / "updated", answers, OLD)
    edit(updated, framework)
    (updated / ".env").write_text("SECRET_KEY=theirs\n", "utf-8")
    commit(updated, "our work")
    update(updated)
    fresh = copy(releases, tmp_path / "fresh", answers, NEW)
    edit(fresh, framework)
    (fresh / ".env").write_text("SECRET_KEY=theirs\n", "utf-8")
    assert_same(updated, fresh)


# A corner variant each, and one other answer: every question, and both ways between frameworks.
FLIPS: dict[str, Answers] = {
    "flask, default": {"database": "mongodb"},
    "flask, bare": {"forms": True},
    "flask, everything": {"auth": False},
    "flask, documents": {"framework": "django"},
    "django, default": {"admin": True},
    "django, bare": {"model": "regression"},
    "django, everything": {"framework": "flask"},
    "django, documents": {"database": "sqlite"},
}


@pytest.mark.parametrize("corner", FLIPS)
def test_a_changed_answer_merges_as_replayed(releases: Path, tmp_path: Path, corner: str) -> None:
    """Together with a new release, with the edits of test_conflicts; and once more is no change."""
    answers = dict(corners())[corner]
    project = copied(releases, tmp_path / "updated", answers, OLD)
    old = tree(project)
    for edit in TOGETHER:
        edit(project)
    commit(project, "our work")
    mine = tree(project)
    update(project, **FLIPS[corner])
    fresh = copy(releases, tmp_path / "fresh", answers | FLIPS[corner], NEW)
    merged, got = merge(old, mine, tree(fresh)), tree(project)
    assert got.keys() == merged.files.keys()
    different = {name for name in got if got[name] != merged.files[name]}
    assert different <= {name for name in got if b"<<<<<<< before updating\n" in got[name]}
    assert different <= {*merged.conflicts}
    assert remembered(project) == remembered(fresh)
    commit(project, "updated")
    update(project)
    assert tree(project) == got
    assert run(project, "git", "status", "--porcelain") == ""


@pytest.fixture
def conflict(releases: Path, tmp_path: Path) -> Path:
    """A project with a line of its owner's where the new release has one of its own."""
    project = copied(releases, tmp_path / "service", {"framework": "flask"}, OLD)
    about = project / "pyproject.toml"
    about.write_text(about.read_text("utf-8").replace("-length = 100", "-length = 120"), "utf-8")
    (project / "data").mkdir()
    (project / "data" / "app.db").write_text("kept\n", "utf-8")  # git ignores it
    commit(project, "longer lines")
    return project


def test_a_conflict_is_told_of(
    conflict: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """By the commands of the message after an update, by doctor, and by uv."""
    copier.run_update(conflict, defaults=True, overwrite=True)
    message = capfd.readouterr().err
    command = 'git grep -n "^<<<<<<<"'
    (typed,) = (text for _, text in blocks("docs/updating.md") if command in text)
    assert all(f"\n  {line}\n" in message for line in typed.splitlines())
    lines = (conflict / "pyproject.toml").read_text("utf-8").splitlines()
    line = lines.index("<<<<<<< before updating") + 1
    found = subprocess.run(command, shell=True, cwd=conflict, capture_output=True, check=True)  # noqa: S602
    assert found.stdout.decode() == f"pyproject.toml:{line}:<<<<<<< before updating\n"
    monkeypatch.chdir(conflict)
    assert f"pyproject.toml, line {line}, " in str(markers_fault())
    started = subprocess.run(
        [need("uv"), "run", "manage", "serve"], capture_output=True, encoding="utf-8", check=False
    )
    assert started.returncode
    assert "pyproject.toml" in started.stderr
    assert f"{line} | <<<<<<< before updating" in started.stderr


def test_an_update_can_be_taken_back(conflict: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """By the command that the message names, which keeps the update, too."""
    before = tree(conflict)
    copier.run_update(conflict, defaults=True, overwrite=True)
    updated = tree(conflict)
    assert updated != before
    (command,) = re.findall(r"To have all as it was: (.*)", capfd.readouterr().err)
    assert ("", f"{command}\n") in blocks("docs/updating.md")
    subprocess.run(command, shell=True, cwd=conflict, check=True)  # noqa: S602
    assert tree(conflict) == before
    assert run(conflict, "git", "status", "--porcelain") == ""
    run(conflict, "git", "stash", "pop", "--quiet")
    assert tree(conflict) == updated


def test_a_new_release_is_told_of(releases: Path, tmp_path: Path) -> None:
    """By the workflow that a project has where its template comes from a server; it ends in red."""
    files = render({"framework": "flask", "library_folder": ""})
    assert ".github/workflows/template.yml" not in render({"framework": "flask"})
    workflow = yaml.safe_load(files[".github/workflows/template.yml"])
    steps = [step["run"] for step in workflow["jobs"]["release"]["steps"] if "run" in step]
    project = copied(releases, tmp_path / "service", {"framework": "flask"}, OLD)

    def ends() -> tuple[list[int], str]:
        done = [
            subprocess.run(
                [sys.executable, "-m", *step.partition(" #")[0].split()[1:]],
                cwd=project,
                capture_output=True,
                encoding="utf-8",
                check=False,
            )
            for step in steps
        ]
        return [one.returncode for one in done], done[0].stdout + done[0].stderr

    codes, said = ends()
    assert codes == [0, 2]
    assert f"latest version is {NEW[1:]}" in said
    update(project)
    commit(project, "updated")
    assert ends()[0] == [0, 0]


def test_where_there_is_no_update_one_is_told_why(releases: Path, tmp_path: Path) -> None:
    """Without git, and with changes that are not committed; nothing is touched."""
    project = copy(releases, tmp_path / "service", {"framework": "flask"}, OLD)
    before = tree(project)
    with pytest.raises(UserMessageError, match="only supported in git-tracked subprojects"):
        update(project)
    run(project, "git", "init", "--quiet")
    with pytest.raises(UserMessageError, match=r"dirty; .* commit or stash your"):
        update(project)
    assert tree(project) == before


def test_deleted_files_stay_deleted(releases: Path, tmp_path: Path) -> None:
    """What an owner threw away does not come back."""
    updated = copied(releases, tmp_path / "updated", {}, OLD)
    shutil.rmtree(updated / "tests")
    commit(updated, "no tests for us")
    update(updated)
    assert not (updated / "tests").exists()

"""A copy follows a new release, or a changed answer, and keeps what its owner did."""

import shutil
from difflib import unified_diff
from itertools import permutations
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml

from .helpers import (
    ANSWERS_FILE,
    commit,
    copy,
    need,
    release,
    run,
    tree,
)
from .variants import AXES, Answers, Project, choices, covering, leaders

OLD, NEW = "v0.0.1", "v0.0.2"
FRAMEWORKS = [str(choice.value) for choice in choices("framework", {})]
DATABASES = [str(choice.value) for choice in choices("database", {})]
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


FLIPS: list[tuple[Answers, Answers]] = [
    *(
        ({"framework": framework, "forms": forms}, {"forms": not forms})
        for framework in FRAMEWORKS
        for forms in (True, False)
    ),
    *(
        ({"framework": old, "forms": forms}, {"framework": new})
        for old in FRAMEWORKS
        for new in FRAMEWORKS
        if old != new
        for forms in (True, False)
    ),
    *(
        ({"framework": framework, "auth": auth, "admin": admin}, {switch: not before})
        for framework in FRAMEWORKS
        for auth in (True, False)
        for admin in (True, False)
        for switch, before in (("auth", auth), ("admin", admin))
    ),
    *(
        ({"framework": old, "auth": auth, "admin": admin}, {"framework": new})
        for old, new in permutations(FRAMEWORKS, 2)
        for auth, admin in ((True, True), (True, False), (False, True))
    ),
    *(
        ({"framework": framework, "database": old}, {"database": new})
        for framework in FRAMEWORKS
        for old, new in zip(DATABASES, DATABASES[1:] + DATABASES[:1], strict=True)
    ),
    *(
        ({"framework": framework, "database": old}, {"database": new})
        for framework in FRAMEWORKS
        for old, new in (("sqlite", "mongodb"), ("mongodb", "postgresql"))
    ),
]


@pytest.mark.parametrize(("before", "flip"), FLIPS, ids=str)
def test_a_changed_answer_keeps_the_owners_work(
    releases: Path, tmp_path: Path, before: Answers, flip: Answers
) -> None:
    """Even together with a new release."""
    updated = copied(releases, tmp_path / "updated", before, OLD)
    edit(updated, before["framework"])
    commit(updated, "our work")
    update(updated, **flip)
    fresh = copy(releases, tmp_path / "fresh", before | flip, NEW)
    edit(fresh, before["framework"])
    assert_same(updated, fresh)
    assert remembered(updated) == remembered(fresh)


def test_deleted_files_stay_deleted(releases: Path, tmp_path: Path) -> None:
    """What an owner threw away does not come back."""
    updated = copied(releases, tmp_path / "updated", {}, OLD)
    shutil.rmtree(updated / "tests")
    commit(updated, "no tests for us")
    update(updated)
    assert not (updated / "tests").exists()

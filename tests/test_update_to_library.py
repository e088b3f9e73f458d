"""The update that takes the machinery out of a project: its edits, data and accounts stay.

Projects begin as the last release before made them, by its commit in this repository.
"""

import subprocess
import sys
from pathlib import Path

import copier
import pytest
from copier.errors import UnsafeTemplateError

from .helpers import (
    MIGRATE,
    REPO,
    Environments,
    ask,
    commit,
    copy,
    logged,
    need,
    predict_example,
    release,
    run,
    served,
    tree,
)
from .people import Person, make_admin
from .servers import Databases
from .variants import Answers, choices

BEFORE = "0186808"
OLD, NEW = "v0.1.0", "v0.2.0"
FRAMEWORKS = [str(choice.value) for choice in choices("framework", {})]
EVERYTHING = {"auth": True, "admin": True, "forms": True}
HEADING, COLOUR = "<h1>Ask our model</h1>", "body { outline: 1px solid teal; }"


@pytest.fixture(scope="module")
def releases(plain_git: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template as it was, and as it is."""
    folder = tmp_path_factory.mktemp("releases")
    archive = ["git", "archive", BEFORE]
    content = subprocess.run(archive, cwd=REPO, capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x"], cwd=folder, input=content, check=True)
    run(folder, "git", "init", "--quiet", "--initial-branch", "main")
    commit(folder, "before", OLD)
    for path in folder.iterdir():
        if path.name != ".git":
            run(folder, "git", "rm", "-r", "--quiet", "--ignore-unmatch", path.name)
    release(folder, NEW)
    return folder


def begun(releases: Path, folder: Path, answers: Answers) -> Path:
    """A project as it was, committed."""
    copy(releases, folder, answers, OLD)
    run(folder, "git", "init", "--quiet")
    commit(folder, "copied")
    return folder


def update(project: Path) -> None:
    copier.run_update(project, defaults=True, overwrite=True, quiet=True, unsafe=True, vcs_ref=NEW)


def conflicts(project: Path) -> list[str]:
    """Files with conflict markers, and rejected changes."""
    files = tree(project)
    return [n for n, text in files.items() if b"<<<<<<<" in text or n.endswith(".rej")]


def test_it_asks_for_trust(releases: Path, tmp_path: Path) -> None:
    """Once, as a script brings edits back; without, nothing is touched."""
    project = begun(releases, tmp_path / "service", {})
    with pytest.raises(UnsafeTemplateError, match="migrations"):
        copier.run_update(project, defaults=True, overwrite=True, quiet=True, vcs_ref=NEW)
    assert run(project, "git", "status", "--porcelain") == ""


@pytest.mark.parametrize("switches", [{}, EVERYTHING], ids=["default", "everything"])
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_project_without_edits_becomes_a_new_one(
    releases: Path, tmp_path: Path, framework: str, switches: Answers
) -> None:
    """But for train.py and migrations, which are its owner's from the first day."""
    answers = {"framework": framework} | switches
    project = begun(releases, tmp_path / "service", answers)
    update(project)
    assert conflicts(project) == []
    fresh = tree(copy(releases, tmp_path / "fresh", answers, NEW))
    updated = {n: text for n, text in tree(project).items() if "/migrations/versions/" not in n}
    owned = {"src/my_service/ml/train.py", "notebooks/publish.ipynb"}
    migrations = {n for n in fresh if "/migrations/" in n}
    assert updated.keys() - migrations == fresh.keys() - migrations
    assert [n for n in updated if updated[n] != fresh.get(n) and n not in owned | migrations] == []


@pytest.mark.parametrize("database", ["sqlite", "mongodb"])
@pytest.mark.parametrize("switches", [{}, EVERYTHING], ids=["default", "everything"])
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_its_data_goes_on(
    *,
    releases: Path,
    tmp_path: Path,
    framework: str,
    switches: Answers,
    database: str,
    databases: Databases,
    environments: Environments,
) -> None:
    """Predictions, outcomes, accounts, passwords, tokens, models and secrets."""
    if database == "mongodb" and not switches:
        pytest.skip("it is the same as on SQLite, where there are no accounts")
    project = begun(
        releases, tmp_path / "service", {"framework": framework, "database": database} | switches
    )
    uv = need("uv")
    with databases.fresh(database) as fresh:
        settings = fresh | environments.of(f"{framework}-before")
        with served(project, **settings) as (port, _):
            token = ""
            if switches:
                make_admin(project, **settings)
                token = Person(port).logged_in().token()
            model = ask(port, "/api/v1/model", token=token)
            (made,) = predict_example(port, token)["predictions"]
            ask(
                port, f"/api/v1/predictions/{made['id']}/feedback", {"actual": made["value"]}, token
            )
            (before,) = logged(port, token)
        secrets = (project / ".env").read_text("utf-8")
        commit(project, "our lock")
        update(project)
        assert conflicts(project) == []
        settings = fresh | environments.of(framework)
        run(project, uv, "run", "manage", *MIGRATE[framework], **settings)
        with served(project, **settings) as (port, _):
            if switches:
                assert Person(port).logged_in().token()
            now = ask(port, "/api/v1/model", token=token)
            assert now.pop("output").items() >= model.pop("output").items()  # releases add to it
            assert now == model
            assert logged(port, token) == [before]
            assert predict_example(port, token)["predictions"][0]["value"] == made["value"]
    assert (project / ".env").read_text("utf-8") == secrets


def edit(project: Path) -> None:
    """What an owner did to a project of the old shape."""
    package = project / "src" / "my_service"

    def change(path: Path, before: str, after: str) -> None:
        text = path.read_text("utf-8")
        assert before in text
        path.write_text(text.replace(before, after, 1), "utf-8")

    change(package / "ml" / "train.py", "test_size=0.2", "test_size=0.25")
    change(package / "pages" / "templates" / "form.html", "<h1>New prediction</h1>", HEADING)
    style = package / "static" / "style.css"
    style.write_text(f"{style.read_text('utf-8')}\n{COLOUR}\n", "utf-8")
    change(package / "serving" / "answers.py", "MOST_TOLD = 5", "MOST_TOLD = 7")
    run(project, need("uv"), "add", "--quiet", "--frozen", "boto3")
    about = project / "pyproject.toml"
    about.write_text(about.read_text("utf-8") + "\n[tool.ours]\nteam = 7\n", "utf-8")
    commit(project, "our work")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_edits_are_kept(
    *, releases: Path, tmp_path: Path, framework: str, environments: Environments
) -> None:
    """Where they work; but that of code which is the library's now, of which one is told."""
    project = begun(releases, tmp_path / "service", {"framework": framework})
    edit(project)
    update(project)
    assert conflicts(project) == []
    package = project / "src" / "my_service"
    assert "test_size=0.25" in (package / "ml" / "train.py").read_text("utf-8")
    assert "MOST_TOLD = 7" in (package / "serving" / "answers.py").read_text("utf-8")
    about = (project / "pyproject.toml").read_text("utf-8")
    assert '"boto3' in about
    assert about.endswith("\n[tool.ours]\nteam = 7\n")
    settings = environments.of(framework)
    with served(project, **settings) as (port, _):
        browser = Person(port)
        assert HEADING in browser.get("/")[1]
        assert any(COLOUR in browser.get(address)[1] for address in browser.styles("/"))


def test_edits_are_brought_back_once(
    releases: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The script says what it did; run again, it does nothing, whatever came after it."""
    project = begun(releases, tmp_path / "service", {"framework": "flask"})
    edit(project)
    update(project)
    told = capfd.readouterr().out
    assert "pages/templates/form.html -> src/my_service/templates/modeldesk/form.html" in told
    assert "static/style.css -> src/my_service/static/site.css" in told
    assert "serving/answers.py: the library has its own modeldesk/serving/answers.py" in told
    page = project / "src/my_service/templates/modeldesk/form.html"
    page.write_text(page.read_text("utf-8") + "<!-- and more -->\n", "utf-8")
    before = tree(project)
    again(project)
    assert tree(project) == before
    commit(project, "updated")
    again(project)
    assert tree(project) == before


def again(project: Path, *options: str) -> str:
    """What the script says when it is run once more."""
    return run(project, sys.executable, str(REPO / "hooks" / "v0_2_0.py"), *options)


def test_a_dry_run_only_tells(releases: Path, tmp_path: Path) -> None:
    project = begun(releases, tmp_path / "service", {"framework": "django"})
    edit(project)
    update(project)
    restored = project / "src/my_service/templates/modeldesk/form.html"
    restored.unlink()
    before = tree(project)
    assert "form.html" in again(project, "--dry-run")
    assert tree(project) == before

"""Updates from every shape that projects were given: their edits, data and accounts stay.

The largest of them takes the machinery out of a project. `releases` has the shapes.
"""

import sys
import tomllib
from pathlib import Path

import copier
import pytest
import yaml
from copier.errors import UnsafeTemplateError, UserMessageError

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
    run,
    served,
    sync,
    tree,
)
from .people import Person, make_admin
from .releases import TODAY, build
from .replaying import corners, is_owned
from .servers import Databases
from .small_edits import EDITS
from .variants import Answers, choices

OLD, NEW = "v0.1.0", TODAY
FRAMEWORKS = [str(choice.value) for choice in choices("framework", {})]
# One worker has all that installs the old projects of a framework.
INSTALLED = [
    pytest.param(name, marks=pytest.mark.xdist_group(f"updated {name}")) for name in FRAMEWORKS
]
EVERYTHING = {"auth": True, "admin": True, "forms": True}
HEADING, COLOUR = "<h1>Ask our model</h1>", "body { outline: 1px solid teal; }"


@pytest.fixture(scope="module")
def releases(plain_git: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template as it was, and as it is."""
    return build(tmp_path_factory.mktemp("releases"))


def begun(releases: Path, folder: Path, answers: Answers, shape: str = OLD) -> Path:
    """A project as it was, committed."""
    copy(releases, folder, answers, shape)
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


# Every corner of the shape that had releases, and one of each framework of that after it.
COVERED = [
    *((OLD, corner) for corner in dict(corners())),
    ("v0.2.0b1", "flask, documents"),
    ("v0.2.0b1", "django, bare"),
]


@pytest.mark.parametrize(("shape", "corner"), COVERED)
def test_a_project_without_edits_becomes_a_new_one(
    releases: Path, tmp_path: Path, shape: str, corner: str
) -> None:
    """But for what is its owner's from the first day: train.py, rules and migrations."""
    answers = dict(corners())[corner]
    project = begun(releases, tmp_path / "service", answers, shape)
    update(project)
    assert conflicts(project) == []
    fresh, updated = (
        {n: text for n, text in tree(folder).items() if "/migrations/" not in n}
        for folder in (copy(releases, tmp_path / "fresh", answers, NEW), project)
    )
    assert updated.keys() == fresh.keys()
    assert [n for n in updated if updated[n] != fresh[n] and not is_owned(n)] == []


# Where a release changed the very line: these are an owner's to decide.
DECIDED = (
    *("a first sentence", "a link", "a name", "a permission", "a port", "a rule of ruff"),
    *("a variable of the app", "uv add 1", "uv add 2", "uv add 3", "uv add 4"),
)


@pytest.mark.parametrize(
    ("shape", "corner"),
    [
        (OLD, "flask, everything"),
        (OLD, "django, documents"),
        ("v0.2.0b1", "flask, documents"),
        ("v0.2.0b1", "django, everything"),
    ],
)
def test_what_owners_do_most_needs_no_decision(
    releases: Path, tmp_path: Path, shape: str, corner: str
) -> None:
    """The edits of test_conflicts; of one in code that goes, one is told."""
    project = begun(releases, tmp_path / "service", dict(corners())[corner], shape)
    made = [edit for name, edit in EDITS.items() if name not in DECIDED]
    for one in made:
        one(project)
    commit(project, "our work")
    update(project)
    assert conflicts(project) == []
    assert run(project, "git", "diff", "--name-only", "--diff-filter=U") == ""
    about = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    assert about["project"]["description"] == "Prices wine."
    assert {"aiohttp", "boto3>=1.40"} <= {*about["project"]["dependencies"]}
    assert {"coverage", "hypothesis"} <= {*about["dependency-groups"]["dev"]}
    assert about["project"]["optional-dependencies"]["gpu"] == ["torch"]
    assert about["project"]["scripts"]["prices"] == "prices:main"
    assert about["tool"]["coverage"]["run"]["branch"]
    assert "worker" in yaml.safe_load((project / "compose.yaml").read_text("utf-8"))["services"]


@pytest.mark.parametrize(  # without accounts, MongoDB is the same as SQLite
    ("database", "switches"),
    [("sqlite", {}), ("sqlite", EVERYTHING), ("mongodb", EVERYTHING)],
    ids=["sqlite-default", "sqlite-everything", "mongodb-everything"],
)
@pytest.mark.parametrize("framework", INSTALLED)
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
    project = begun(
        releases, tmp_path / "service", {"framework": framework, "database": database} | switches
    )
    uv = need("uv")
    with databases.fresh(database) as fresh:
        settings = fresh | environments.of(f"{framework}-before")
        sync(project, **settings)
        with served(project, "--workers", "1", **settings) as (port, _):
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
        sync(project, **settings)
        run(project, uv, "run", "manage", *MIGRATE[framework], **settings)
        with served(project, "--workers", "1", **settings) as (port, _):
            if switches:
                assert Person(port).logged_in().token()
            now = ask(port, "/api/v1/model", token=token)
            assert now.pop("output").items() >= model.pop("output").items()  # releases add to it
            assert now == model
            assert logged(port, token) == [before]
            assert predict_example(port, token)["predictions"][0]["value"] == made["value"]
    assert (project / ".env").read_text("utf-8") == secrets


def test_a_relative_path_is_mended_by_hand(
    releases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Projects of the old shape may have one: the refusal says what to write, and where."""
    monkeypatch.chdir(releases.parent)
    project = tmp_path / "service"
    copier.run_copy(f"./{releases.name}", project, vcs_ref=OLD, defaults=True, quiet=True)
    run(project, "git", "init", "--quiet")
    commit(project, "copied")
    with pytest.raises(
        UserMessageError, match=r"whole path .* as _src_path in \.copier-answers\.yml"
    ):
        update(project)
    assert run(project, "git", "status", "--porcelain") == ""
    answers = project / ".copier-answers.yml"
    text = answers.read_text("utf-8").replace(f"./{releases.name}", str(releases))
    answers.write_text(text, "utf-8")
    commit(project, "the whole path")
    update(project)
    assert conflicts(project) == []
    assert f"_commit: {NEW}\n" in answers.read_text("utf-8")


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


@pytest.mark.parametrize("framework", INSTALLED)
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
    sync(project, **settings)
    with served(project, "--workers", "1", **settings) as (port, _):
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
    assert told.startswith("A script of this release runs after the update.")
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

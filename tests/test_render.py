"""Every combination renders without trust, and what it renders is what an engineer would type."""

import contextlib
import functools
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml
from modeldesk.ml.importing.pickles import NEEDED

from .helpers import ANSWERS_FILE, REPO, copy, each, need, run, tree
from .library import ABOUT, FOLDER, REQUIREMENT
from .rendering import render, rendered, texts, write
from .variants import (
    QUESTIONS,
    Project,
    any_two,
    asked,
    choices,
    jinja,
    leaders,
    projects,
    rest_of_name,
    with_computed,
)

LONGEST_PATH = 140
# What the sample model is told in; two projects that differ in it alone differ nowhere else.
MODEL_FILES = {"README.md", "src/my_service/ml/train.py", "tests/test_my_service.py"}
SAMPLE_NEEDS = b'  "scikit-learn>=1.6,<2",\n'
LONGEST_SHARED_RUN = 12
FRAMEWORKS = [str(choice.value) for choice in choices("framework", {})]
TEMPLATES = ("template_flask", "template_django")
each_project = each(projects())
each_leader = each(leaders().values())

# Bodies that no file is made of one to one: what questions and other bodies read.
TABLES = {
    "template_common/checks.jinja",
    "template_common/databases.jinja",
    "template_common/library.jinja",
    "template_common/recommendation.jinja",
}


def template_files(folder: str) -> list[Path]:
    listed = run(REPO, "git", "ls-files", "-co", "--exclude-standard", "-z", folder)
    return [REPO / name for name in listed.split("\0") if name and (REPO / name).is_file()]


@each(project for project in leaders().values() if project.name in any_two())
def test_copier_renders_what_these_tests_look_at(
    template: Path, tmp_path: Path, project: Project
) -> None:
    """Byte for byte, from answers of which those differ that no file reads."""
    turn = sum(map(ord, project.name))
    answers = project.combinations[turn % len(project.combinations)]
    made = copy(
        template,
        tmp_path / "service",
        answers | {"library": REQUIREMENT, "library_folder": FOLDER.as_posix()},
    )
    assert tree(made) == rendered(project.name)
    remembered = yaml.safe_load((made / ANSWERS_FILE).read_text(encoding="utf-8"))
    assert {name: remembered[name] for name in answers} == answers
    assert set(remembered) == {"_commit", "_src_path", *asked()}


@each_project
def test_a_combination_renders_exactly_its_project(project: Project) -> None:
    for answers in project.combinations:
        assert render(answers) == rendered(project.name), answers


@each_project
def test_a_model_changes_nothing_but_its_own_files(project: Project) -> None:
    """So one model of each group is enough to be run."""
    ours, theirs = (
        {name: content.replace(SAMPLE_NEEDS, b"") for name, content in rendered(label).items()}
        for label in (project.name, leaders()[rest_of_name(project)].name)
    )
    different = {name for name in ours | theirs if ours.get(name) != theirs.get(name)}
    assert different <= MODEL_FILES


@pytest.mark.parametrize("question", asked())
def test_every_value_is_among_the_answers_of_a_run(question: str) -> None:
    offered = {choice.value for choice in choices(question, {}) if not choice.refusal}
    assert offered <= {project.answers.get(question) for project in projects()}


@each_project
def test_files_are_portable(project: Project) -> None:
    for name in rendered(project.name):
        assert len(name) <= LONGEST_PATH, name
        assert not re.search(r'[<>:"|?*\\]', name), name
    for name, text in texts(rendered(project.name)).items():
        assert "\r" not in text, name
        assert not text.startswith("\ufeff"), name


@functools.cache
def untidy(name: str, text: str) -> list[str]:
    """What is wrong with the text of a file."""
    faults = [
        f"{name}: {fault}"
        for fault, pattern in {
            "blanks at the end of a line": r"(?m)[ \t]+$",
            "three blank lines": r"\n{4}",
            "blank lines at the start": r"\A\n",
            "no line end, or several, at the end": r"[^\n]\Z|\n\n\Z",
        }.items()
        if re.search(pattern, text)
    ]
    leftovers = (
        r"{%-? *(raw|endraw|filter|endfilter)\b|include .template_common|package_name"
        if name.endswith(".html")
        else r"(?<!\$){{|{%|{#"
    )
    if found := re.search(leftovers, text):
        faults.append(f"{name}: template code left over ({found[0]})")
    return faults


@each_project
def test_text_is_clean(project: Project) -> None:
    assert not [
        fault
        for name, text in texts(rendered(project.name)).items()
        for fault in untidy(name, text)
    ]


@each_project
def test_files_do_not_mention_the_generator(project: Project) -> None:
    """But for README's section on updates, which must."""
    updates = r"(?ims)^(#+) [^\n]*(?:update|up to date).*?(?=^\1 |\Z)"
    for name, text in texts(rendered(project.name)).items():
        elsewhere = re.sub(updates, "", text) if name == "README.md" else text
        assert not re.search(r"(?i)copier|mlserve", elsewhere), name


@each_project
def test_python_compiles(project: Project) -> None:
    for name, text in texts(rendered(project.name)).items():
        if name.endswith(".py"):
            compile(text, name, "exec")


@pytest.mark.parametrize(
    "texts_typed",
    [
        {
            "project_name": "X",
            "description": "Y",
            "author_name": "Z",
            "author_email": "z@localhost",
        },
        {
            "project_name": "Abcdefghij Klmnopqrs Tuvwxyz Abcdefghijk",
            "description": "d" * 200,
            "author_name": "n" * 100,
            "author_email": "e" * 88 + "@example.com",
        },
        {
            "project_name": "Söner & Co's #1: <b>100 %</b>",
            "description": "It's {{ here }} {% now %} & #1: 'a', <b>b</b>, $HOME, 100 % `ls` 🎉",
            "author_name": "D'Ångström, Zoë; & Söhne: #1 {x}",
            "author_email": "zoë+it's@exämple.com",
        },
    ],
    ids=["short", "long", "odd"],
)
def test_typed_texts_break_no_file(tmp_path: Path, texts_typed: dict[str, str]) -> None:
    for project in leaders().values():
        made = write(render({**project.answers, **texts_typed}), tmp_path / project.name)
        about = tomllib.loads((made / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        assert about["description"] == texts_typed["description"], project.name
        author = {"name": texts_typed["author_name"], "email": texts_typed["author_email"]}
        assert about["authors"] == [author], project.name
        for path in made.rglob("*.y*ml"):
            yaml.safe_load(path.read_text(encoding="utf-8"))
    lint(tmp_path)  # each by the settings of its own


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("model", [choice.value for choice in choices("model", {})])
def test_every_model_is_linted(tmp_path: Path, framework: str, model: str) -> None:
    lint(write(render({"framework": framework, "model": model}), tmp_path / "service"))


def lint(made: Path) -> None:
    ruff = str(Path(sys.executable).with_name("ruff"))
    run(made, ruff, "check", "--no-cache", ".")
    run(made, ruff, "format", "--no-cache", "--check", ".")


def test_template_paths_suit_every_system() -> None:
    listed = run(REPO, "git", "ls-files", "-co", "--exclude-standard", "-z")
    for name in filter(None, listed.split("\0")):
        assert len(name) <= LONGEST_PATH, name
        assert not re.search(r'[<>:"|?*\\]', name), name
        assert not (REPO / name).is_symlink(), name


def test_shared_bodies_exist_once() -> None:
    """Each body in template_common is included by both templates, by stubs of nothing else."""
    bodies = {path.relative_to(REPO).as_posix() for path in template_files("template_common")}
    for name in TEMPLATES:
        included = set()
        for path in template_files(name):
            # Elsewhere it is for the project itself to read.
            text = path.read_text(encoding="utf-8") if path.suffix == ".jinja" else ""
            for expression in re.findall(r"{%-? *include (.+?) *-?%}", text):
                assert not re.sub(r"{%.*?%}", "", text).strip(), f"{path} is more than a stub"
                find = jinja().compile_expression(expression)
                included |= {find(**with_computed(project.answers)) for project in projects()}
        assert included == bodies - TABLES, name


def test_nothing_is_written_twice() -> None:
    """No run of a dozen lines stands in both templates."""

    def runs(name: str) -> dict[tuple[str, ...], Path]:
        found = {}
        for path in template_files(name):
            lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
            lines = [line for line in lines if line]
            for start in range(len(lines) - LONGEST_SHARED_RUN + 1):
                found[tuple(lines[start : start + LONGEST_SHARED_RUN])] = path
        return found

    flask, django = (runs(name) for name in TEMPLATES)
    twice = {f"{flask[lines]} and {django[lines]}" for lines in flask.keys() & django.keys()}
    assert not twice


def name_of(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement)[0]


def needed(about: dict[str, Any]) -> Iterator[str]:
    """The distributions that the table `project` of a pyproject.toml names, extras among them."""
    for requirement in chain(about["dependencies"], *about["optional-dependencies"].values()):
        yield name_of(requirement)


@functools.cache
def installed_by_the_library() -> dict[str, set[str]]:
    """The distributions that it brings with all its extras, and the modules of each."""
    found: dict[str, set[str]] = {}
    wanted = [*needed(ABOUT)]
    while wanted:
        name = re.sub(r"[_.-]+", "-", wanted.pop().lower())
        if name in found:
            continue
        found[name] = set()
        with contextlib.suppress(metadata.PackageNotFoundError):  # on this machine
            asked_for = metadata.requires(name) or []
            wanted += [name_of(line) for line in asked_for if "extra ==" not in line]
    for module, owners in metadata.packages_distributions().items():
        for owner in owners:
            found.get(re.sub(r"[_.-]+", "-", owner.lower()), set()).add(module)
    return found


def reserved(name: str) -> bool:
    checks: Any = jinja().get_template("template_common/checks.jinja").make_module()
    return bool(checks.name_fault(name))


@each_leader
def test_no_service_takes_the_name_of_what_it_needs(project: Project) -> None:
    """uv would take the service itself for the library."""
    made = tomllib.loads(rendered(project.name)["pyproject.toml"].decode())
    names = {*needed(made["project"]), *map(name_of, made["dependency-groups"]["dev"])}
    assert not {name for name in names - {"my-service"} if not reserved(name)}


def test_no_service_takes_the_name_of_what_the_library_needs() -> None:
    """Nor that of a module, which Python would find in its place."""
    found = installed_by_the_library()
    assert {"modeldesk", "werkzeug", "google"} <= {"modeldesk"} | found.keys() | found["protobuf"]
    names = found.keys() | {
        module for modules in found.values() for module in modules if module[0].isalpha()
    }
    # mypyc names a helper by a digest, which is no name of a service.
    assert not {name for name in names if not reserved(name) and "__mypyc" not in name}


def documented() -> set[str]:
    """What people are told to add to their services, by the docs and by what refuses a model."""
    pages = [*(REPO / "docs").glob("*.md"), REPO / "README.md"]
    pages += [*REPO.glob("template_*/README.md.jinja"), *(REPO / "src").rglob("*.py")]
    told = re.findall(
        r"`uv add (?:--optional \w+ )?([^`{]+)`",
        "\n".join(page.read_text("utf-8") for page in pages),
    )
    words = {name_of(word) for line in told for word in line.split() if word[0].isalpha()}
    return words.union(NEEDED, *NEEDED.values())


def test_no_service_takes_the_name_of_what_its_owner_is_told_to_add() -> None:
    found = documented()
    assert {"xgboost", "torch", "catboost", "imblearn", "scikit-learn"} <= found
    assert not {name for name in found if not reserved(name)}
    assert all(map(reserved, ("XGBoost", "Torch", "CatBoost", "LightGBM", "Imbalanced Learn")))
    assert not any(map(reserved, ("My XGBoost", "Torch service", "Cat")))


@each_leader
def test_needs_are_in_order(project: Project) -> None:
    """By name, but for the first: uv adds to a list out of order at its end, whatever the name."""
    made = tomllib.loads(rendered(project.name)["pyproject.toml"].decode())
    library, *asked_for = made["project"]["dependencies"]
    assert library.startswith("modeldesk[")
    assert any(name_of(line) < "modeldesk" for line in asked_for)
    contract, own, *tools = made["dependency-groups"]["dev"]
    assert (contract, own) == ("modeldesk[testing]", "my-service[train]")
    assert any(name_of(line) < "modeldesk" for line in tools)
    for lines in (asked_for, tools, library.split("]")[0].split("[")[1].split(",")):
        assert [*map(name_of, lines)] == sorted(map(name_of, lines))
    for names in (
        *made["tool"].get("deptry", {}).get("per_rule_ignores", {}).values(),
        made["tool"]["mypy"]["overrides"][0]["module"],
    ):
        assert names == sorted(names)


@each_leader
def test_types_are_missed_of_what_is_imported(project: Project) -> None:
    """No exception of mypy stands for what a project does not have; `own` models come later."""
    made = rendered(project.name)
    python = "".join(text for name, text in texts(made).items() if name.endswith(".py"))
    settings = tomllib.loads(made["pyproject.toml"].decode())["tool"]["mypy"]
    for module in settings["overrides"][0]["module"]:
        name = module.removesuffix(".*")
        imported = re.search(rf"(?m)^\s*(from|import) {name}\b", python)
        assert imported or (project.answers["model"] == "own" and name == "sklearn"), name


def test_the_smallest_supported_copier_renders_the_same(template: Path, tmp_path: Path) -> None:
    """`_min_copier_version` is a promise; a person without it gets a sentence from Copier."""
    oldest = yaml.safe_load((REPO / "copier.yml").read_text(encoding="utf-8"))
    pinned = f"copier=={oldest['_min_copier_version']}"
    command = (need("uv"), "tool", "run", "--quiet", pinned, "copy", "--defaults", "--quiet")
    run(tmp_path, *command, "--vcs-ref", "HEAD", str(template), "old")
    assert tree(tmp_path / "old") == tree(copy(template, tmp_path / "new", {}))


@pytest.mark.skipif(os.name == "nt", reason="executable bits are not Windows's")
def test_no_rendered_file_is_executable_but_scripts(template: Path, tmp_path: Path) -> None:
    answers = {"auth": True, "admin": True, "forms": True}
    for path in copy(template, tmp_path / "service", answers).rglob("*"):
        if path.is_file() and os.access(path, os.X_OK) and ".git" not in path.parts:
            assert path.read_bytes().startswith(b"#!"), path


def test_the_copier_command_needs_no_trust(template: Path, tmp_path: Path) -> None:
    """`copier copy` as a person types it, with the answers file naming where it came from."""
    done = subprocess.run(
        [sys.executable, "-m", "copier", "copy", "--defaults", str(template), "service"],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "uv run manage serve" in done.stderr
    answers = yaml.safe_load((tmp_path / "service" / ANSWERS_FILE).read_text(encoding="utf-8"))
    assert answers["_src_path"] == str(template)
    assert QUESTIONS.keys() >= answers.keys() - {"_commit", "_src_path"}

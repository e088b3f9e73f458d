"""Every project the questions can make, read from copier.yml itself.

`python -m tests.variants` prints their frameworks and databases as a matrix for CI.
"""

import contextlib
import functools
import itertools
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jinja2 import FileSystemLoader, StrictUndefined, UndefinedError, meta
from jinja2.sandbox import SandboxedEnvironment

REPO = Path(__file__).parents[1]
CONFIG: dict[str, Any] = yaml.safe_load((REPO / "copier.yml").read_text(encoding="utf-8"))
QUESTIONS = {name: details for name, details in CONFIG.items() if not name.startswith("_")}
AXES = ("framework", "database", "auth", "admin", "forms")  # that leaders differ in
COMPUTED = {name for name, details in QUESTIONS.items() if details.get("when") is False}

Answers = dict[str, Any]


@functools.cache
def jinja() -> SandboxedEnvironment:
    """The environment Copier renders with."""
    return SandboxedEnvironment(
        loader=FileSystemLoader(REPO),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        cache_size=-1,
        auto_reload=False,
        extensions=["jinja2_ansible_filters.AnsibleCoreFiltersExtension"],
    )


@dataclass(frozen=True)
class Choice:
    """One answer of a question and why it cannot be had ('' when it can)."""

    value: str | bool
    refusal: str


@dataclass(frozen=True)
class Project:
    """One distinct project: all `combinations` render it, `answers` is one of them."""

    name: str
    answers: Answers
    combinations: list[Answers]


def choices(question: str, answers: Answers) -> list[Choice]:
    """What a question offers after `answers`; empty for one that is typed."""
    details = QUESTIONS[question]
    if details["type"] == "bool":
        return [Choice(True, ""), Choice(False, "")]
    found = []
    for choice in details.get("choices", {}).values():
        value, validator = (
            (choice["value"], choice.get("validator", ""))
            if isinstance(choice, dict)
            else (choice, "")
        )
        found.append(Choice(value, jinja().from_string(validator).render(answers).strip()))
    return found


def asked() -> list[str]:
    """The questions a person sees, in order."""
    return [name for name in QUESTIONS if name not in COMPUTED]


@functools.cache
def combinations() -> list[Answers]:
    """The valid combinations of all choices."""
    found: list[Answers] = [{}]
    for question in asked():
        found = [
            {**answers, question: choice.value}
            for answers in found
            for choice in choices(question, answers)
            if not choice.refusal
        ] or found
    return found


def with_computed(answers: Answers) -> Answers:
    """The answers, and those that follow from them."""
    found = dict(answers)
    for name in COMPUTED:
        with contextlib.suppress(UndefinedError):  # from what is typed, which is not among these
            default = jinja().from_string(str(QUESTIONS[name]["default"])).render(answers)
            found[name] = yaml.safe_load(default)
    return found


def sources(framework: str) -> Iterator[str]:
    """Every Jinja source of one framework's template: names of paths, then contents."""
    root = REPO / f"template_{framework}"
    for path in root.rglob("*"):
        if path.name.startswith("{{_copier_conf.answers_file}}"):
            continue
        yield path.relative_to(root).as_posix()
        if path.suffix == ".jinja":
            yield path.read_text(encoding="utf-8")


def answers_read(texts: Iterable[str]) -> set[str]:
    """The answers these Jinja sources depend on, through includes and computed answers too."""
    names: set[str] = set()
    for text in texts:
        parsed = jinja().parse(text)
        names |= meta.find_undeclared_variables(parsed)
        # A computed name is None here; the answers it is computed from are among `names`.
        for included in filter(None, meta.find_referenced_templates(parsed)):
            names |= answers_read([(REPO / included).read_text(encoding="utf-8")])
    for name in names & COMPUTED - {"library", "library_folder"}:  # which follow from no answer
        names |= answers_read([str(QUESTIONS[name]["default"])])
    return names


def label(answers: Answers) -> str:
    """Such as regression-sqlite-auth-no-admin-forms-new-small-flask."""
    return "-".join(
        ("" if value else "no-") + name if isinstance(value, bool) else value
        for name, value in answers.items()
    )


@functools.cache
def projects() -> list[Project]:
    """The distinct projects.

    Combinations that differ only in answers their template never reads render the same files
    (test_render compares them byte for byte), so one of each such group is run; which one
    rotates, so that every value is among the answers of a run.
    """
    read = {
        choice.value: answers_read(sources(str(choice.value))) | {"framework"}
        for choice in choices("framework", {})
    }
    groups: dict[str, list[Answers]] = defaultdict(list)
    for answers in combinations():
        used = {k: v for k, v in answers.items() if k in read[answers["framework"]]}
        groups[label(used)].append(answers)
    return [
        Project(name, group[turn % len(group)], group)
        for turn, (name, group) in zip(itertools.count(), groups.items(), strict=False)
    ]


@functools.cache
def leaders() -> dict[str, Project]:
    """The projects that are run: of those that differ only in the model one each.

    Which model it is rotates, so that each leads with every framework and every database. The
    others differ in what test_render looks at.
    """
    groups: dict[str, list[Project]] = defaultdict(list)
    for project in projects():
        groups[rest_of_name(project)].append(project)
    return {
        name: group[turn % len(group)]
        for turn, (name, group) in zip(itertools.count(), groups.items(), strict=False)
    }


def covering(
    found: Iterable[Project],
    questions: Iterable[str],
    chosen: Iterable[str] = (),
    *,
    together: int = 3,
) -> set[str]:
    """The names of few projects that have any `together` answers to these questions among them.

    Those that are `chosen` already are among them. Greedily: each next one has the most of such
    answers that none before it has.
    """
    lacking = {}
    for project in found:
        answers = [(question, project.answers[question]) for question in questions]
        lacking[project.name] = set(itertools.combinations(answers, together))
    names = set(chosen)
    while any(lacking.values()):
        best = min(lacking, key=lambda name: (name not in names, -len(lacking[name])))
        names.add(best)
        covered = lacking.pop(best)
        lacking = {name: left - covered for name, left in lacking.items()}
    return names


@functools.cache
def any_two() -> set[str]:
    """The names of few of the projects that are run: any two answers are in one of them."""
    return covering(leaders().values(), [*AXES, "model"], together=2)


def rest_of_name(project: Project) -> str:
    return project.name.removeprefix(str(project.answers["model"]))


def leader_with(**answers: Any) -> Project:
    """The project that is run with these answers; the first, where several have them."""
    return next(p for p in leaders().values() if p.answers.items() >= answers.items())


if __name__ == "__main__":
    pairs = {(p.answers["framework"], p.answers["database"]): None for p in leaders().values()}
    include = [{"framework": framework, "database": database} for framework, database in pairs]
    print(json.dumps({"include": include}))

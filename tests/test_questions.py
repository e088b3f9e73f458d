"""What the questions recommend, refuse and hide."""

import re
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from .helpers import REPO, copy
from .servers import WITHOUT_SERVER
from .variants import COMPUTED, CONFIG, QUESTIONS, Answers, asked, choices, jinja

SMALL: Answers = {
    "database": "sqlite",
    "auth": False,
    "admin": False,
    "forms": True,
    "experience": "new",
    "scope": "small",
}
LARGE = SMALL | {"auth": True, "admin": True, "scope": "large"}
DATABASES = [str(choice.value) for choice in choices("database", {})]


def recommended(answers: Answers) -> tuple[str, str]:
    """The framework and the reason that the table gives."""
    module = jinja().get_template("template_common/recommendation.jinja").make_module(answers)
    recommendation: Any = module.recommendation  # type: ignore[attr-defined]
    return str(recommendation("framework")), str(recommendation("reason"))


@pytest.mark.parametrize(
    ("answers", "framework", "reason"),
    [
        (SMALL | {"database": "mongodb"}, "flask", "not relational"),
        (LARGE | {"database": "mongodb"}, "flask", "not relational"),
        (LARGE, "django", "accounts, admin and structure"),
        (LARGE | {"experience": "comfortable", "forms": False}, "django", "accounts, admin"),
        (SMALL, "flask", "less to learn"),
        (SMALL | {"forms": False}, "flask", "less to learn"),
        (SMALL | {"auth": True, "forms": False}, "flask", "less to learn"),
        (SMALL | {"auth": True}, "flask", "equally well"),
        (SMALL | {"experience": "comfortable"}, "flask", "equally well"),
        (SMALL | {"scope": "large"}, "flask", "equally well"),
        (LARGE | {"admin": False}, "flask", "equally well"),
        (LARGE | {"scope": "small"}, "flask", "equally well"),
    ],
)
def test_recommendation(answers: Answers, framework: str, reason: str) -> None:
    assert recommended(answers)[0] == framework
    assert reason in recommended(answers)[1]


def test_every_combination_has_one_recommendation_and_one_sentence() -> None:
    both = [True, False]
    values = (DATABASES, both, both, both, ["new", "comfortable"], ["small", "large"])
    reasons: dict[str, str] = {}
    for row in product(*values):
        framework, reason = recommended(dict(zip(SMALL, row, strict=True)))
        assert framework in {choice.value for choice in choices("framework", {})}
        assert reason.endswith(".")
        assert reasons.setdefault(reason, framework) == framework
    assert len(reasons) == 4, "a row of the table is never reached"


@pytest.mark.parametrize("scope", ["small", "large"])
def test_the_recommendation_is_the_default(template: Path, tmp_path: Path, scope: str) -> None:
    made = copy(template, tmp_path / "service", {"scope": scope})
    framework, _ = recommended(SMALL | {"scope": scope})
    assert f"framework: {framework}" in (made / ".copier-answers.yml").read_text(encoding="utf-8")


def test_at_most_a_dozen_questions_and_no_code_runs() -> None:
    """But for the script of an update that crosses a release which moves files of owners."""
    assert len(asked()) <= 12
    assert not CONFIG.keys() & {"_tasks", "_jinja_extensions"}
    script = "{{ _copier_conf.src_path }}/hooks/v0_2_0.py"
    for migration in CONFIG["_migrations"]:
        assert migration["version"] == "v0.2.0"
        assert migration["command"][:2] == ["{{ _copier_python }}", script]
    assert {path.name for path in (REPO / "hooks").glob("*.py")} == {"settling.py", "v0_2_0.py"}


def test_every_question_is_typed_has_help_and_a_default() -> None:
    for name, details in QUESTIONS.items():
        assert {"type", "default"} <= details.keys(), name
        assert name in COMPUTED or details["help"]


def test_the_menu_says_what_has_not_run() -> None:
    menu = {value: label for label, value in QUESTIONS["database"]["choices"].items()}
    for database, label in menu.items():
        assert ("not yet run against a server" in label) == (database in WITHOUT_SERVER)


TYPED = [
    ("project_name", "", "Type something."),
    ("project_name", " x", "Remove the blanks"),
    ("project_name", "a\nb", "printable characters only"),
    ("project_name", "a\x00b", "printable characters only"),
    ("project_name", "a\u2028b", "printable characters only"),
    ("project_name", 'The "best"', 'Leave out " and'),
    ("project_name", "C:\\model", 'Leave out " and'),
    ("project_name", "2D model", "Start with a letter"),
    ("project_name", "模型", "Start with a letter"),
    ("project_name", "n" * 41, "Longer than 40 characters."),
    ("project_name", "Class", "Taken by Python or a library."),
    ("project_name", "Flask", "Taken by Python or a library."),
    ("project_name", "django", "Taken by Python or a library."),
    ("project_name", "Test", "Taken by Python or a library."),
    ("project_name", "scikit-learn", "Taken by Python or a library."),
    ("project_name", "XGBoost", "Taken by Python or a library."),
    ("project_name", "con", "Taken by Python or a library."),
    ("description", "", "Type something."),
    ("description", "d" * 201, "Longer than 200 characters."),
    ("description", "tab\there", "printable characters only"),
    ("author_name", "\x1b[31mred", "printable characters only"),
    ("author_name", 'Bob "the" Builder', 'Leave out " and'),
    ("author_email", "nobody", "Write it as name@example.com."),
    ("author_email", "a@b@c", "Write it as name@example.com."),
    ("author_email", "a b@example.com", "Write it as name@example.com."),
    ("author_email", "A <a@example.com>", "Write it as name@example.com."),
    ("model", "clustering", "is not in"),
    ("database", "oracle", "is not in"),
    ("framework", "fastapi", "is not in"),
    ("accounts", "true", "answer those instead"),
    ("package_name", "other", "answer that instead"),
]


@pytest.mark.parametrize(("question", "value", "reason"), TYPED)
def test_bad_answers_are_refused(
    template: Path, tmp_path: Path, question: str, value: str, reason: str
) -> None:
    made = tmp_path / "service"
    with pytest.raises(ValueError, match=question) as refusal:
        copy(template, made, {question: value})
    said = str(refusal.value)
    assert reason in said
    if "choices" not in QUESTIONS[question] and question not in COMPUTED:
        assert len(said) <= 80, "a prompt would cut it off"
    assert not made.exists()


@pytest.mark.parametrize(
    ("question", "value", "reason"),
    [("project_name", "flask", "Taken by"), ("accounts", "true", "answer those instead")],
)
def test_the_command_says_why_and_fails(
    template: Path, tmp_path: Path, question: str, value: str, reason: str
) -> None:
    command = [sys.executable, "-m", "copier", "copy", "--defaults", "--data"]
    done = subprocess.run(
        [*command, f"{question}={value}", str(template), "service"],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode != 0
    assert reason in done.stderr
    assert not (tmp_path / "service").exists()


@pytest.mark.parametrize("name", ["X", "My Service", "churn", "Iris 2", "a_b", "Zoë's model"])
def test_good_names_become_packages(template: Path, tmp_path: Path, name: str) -> None:
    made = copy(template, tmp_path / "service", {"project_name": name})
    (package,) = (made / "src").iterdir()
    assert package.name.isidentifier()


def test_standard_library_names_are_reserved() -> None:
    module = jinja().get_template("template_common/checks.jinja").make_module()
    name_fault: Any = module.name_fault  # type: ignore[attr-defined]
    missing = [
        name
        for name in sys.stdlib_module_names
        if re.fullmatch(r"[a-z]\w*", name) and name.islower() and not name_fault(name)
    ]
    assert not missing

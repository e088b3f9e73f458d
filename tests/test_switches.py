"""What an answer switches off leaves nothing behind: no file, dependency, setting, word."""

import re
import tomllib
from pathlib import PurePosixPath

import pytest

from .rendering import Files, render, texts
from .variants import Answers, Project, asked, choices, leaders

SWITCHES = [name for name in ("auth", "admin", "forms") if name in asked()]
# What only speaks of a switch; `accounts` is on where auth or admin is.
WORDS = {
    "accounts": r"accounts\b|argon2|flask.security|flask.login|flask.principal|flask.mail"
    r"|itsdangerous|libpass|contrib\.(auth|sessions|messages)|create.admin|lock.?out"
    r"|\b(viewer|analyst|datastore|login|logout|role|permission|view_user)\b",
    "auth": r"\btokens?\.(py|html)|accounts/(tokens|register|confirm|reset|delete)|bearer"
    r"|predictions.user_id|by_user|\bviewer\b|sign.up|MAIL_URL|MAIL_FROM|flask.mail|\bmails?\b"
    r"|EMAIL_(HOST|BACKEND)|ProfileForm|forgot|AbstractToken|Token(Mixin|Document|sView)|token=Token|_token\b|WWW-Authenticate"
    r"|wtforms.alchemy|RESET_TIMEOUT|ClassVar = True",
    "admin": r"/admin/|flask.admin|contrib\.admin\b|\badmin\.(py|site|register)|\bmonitor"
    r"|event-stream|chart\.umd|\.(flask\.admin|django\.staff)\b|\b(?!TemplateView)[a-z]+View\b",
    "forms": r"\b(history|result)\.html|add_pages|\bpages\.(py|urls)|import .*\bpages\b"
    r"|^src/my_service/(pages|forms)|PredictionForm|SignatureFields"
    r"|\bthe form\b|\bform=|/history\b",
}
CASES = [
    pytest.param(project, switch, id=f"{project.name} without {switch}")
    for project in leaders().values()
    for switch in SWITCHES
    if not project.answers[switch]
]


def dependencies(files: Files) -> set[str]:
    about = tomllib.loads(files["pyproject.toml"].decode())["project"]
    return {re.split(r"[^\w.-]", requirement)[0] for requirement in about["dependencies"]}


def extras(files: Files) -> set[str]:
    """What the project asks of the library beside its core."""
    about = tomllib.loads(files["pyproject.toml"].decode())["project"]
    (named,) = (line for line in about["dependencies"] if line.startswith("modeldesk["))
    return set(named.split("]")[0].removeprefix("modeldesk[").split(","))


def settings(files: Files) -> set[str]:
    """The names in .env.example."""
    return set(re.findall(r"(?m)^#? ?([A-Z_]+)=", files[".env.example"].decode()))


def off(answers: Answers) -> set[str]:
    """The switches that are off, `accounts` among them."""
    found = {switch for switch in SWITCHES if not answers[switch]}
    return found | ({"accounts"} if {"auth", "admin"} <= found else set())


@pytest.mark.parametrize(("project", "switch"), CASES)
def test_nothing_is_left_over(project: Project, switch: str) -> None:
    without = render(project.answers)
    twin = render({**project.answers, switch: True})
    assert without.keys() < twin.keys()
    assert settings(without) <= settings(twin)
    assert dependencies(without) <= dependencies(twin)
    assert extras(without) <= extras(twin)

    def words(names: set[str]) -> set[str]:
        python = [PurePosixPath(name) for name in names if name.endswith(".py")]
        return {PurePosixPath(part).stem for path in python for part in path.parts}

    names = set(without)
    gated = "|".join(map(re.escape, words(set(twin) - names) - words(names)))
    assert gated, "it has no module of its own"
    imports = re.compile(rf"(?m)(^\s*from \.|\bmy_service\.).*\b({gated})\b")
    for name, text in texts(without).items():
        assert not (name.endswith(".py") and imports.search(text)), name


@pytest.mark.parametrize("framework", [choice.value for choice in choices("framework", {})])
@pytest.mark.parametrize("switch", SWITCHES)
def test_each_switch_has_words_of_its_own(switch: str, framework: str) -> None:
    """Else the next test would look for nothing."""
    alone: Answers = {name: name == switch for name in SWITCHES}
    made = texts(render({"framework": framework, **alone}))
    for word in {switch, "accounts"} if switch in ("auth", "admin") else {switch}:
        found = {name for name, text in made.items() if re.search(f"(?i){WORDS[word]}", text)}
        assert {PurePosixPath(name).suffix for name in found} >= {".py", ".md"}, word


@pytest.mark.parametrize("project", leaders().values(), ids=lambda project: project.name)
def test_no_word_of_what_is_off(project: Project) -> None:
    words = [WORDS[switch] for switch in sorted(off(project.answers))]
    foreign = re.compile("(?i)" + "|".join(words or [r"(?!)"]))
    found = [
        f"{name}: {line.strip()}"
        for name, text in texts(render(project.answers)).items()
        for line in [name, *text.splitlines()]
        if foreign.search(line)
    ]
    assert not found

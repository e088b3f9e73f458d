"""The questions as a person meets them: a real terminal, arrow keys and all."""

import os
import sys
import time
from pathlib import Path

import pytest

if os.name == "nt":
    pytest.skip("pexpect needs a POSIX terminal", allow_module_level=True)

import pexpect
import pyte

from .helpers import environment

ENTER, DOWN, UP = "\r", "\x1b[B", "\x1b[A"
LINES = 150
TIMEOUT = 60


class Screen(pyte.Screen):
    """What a person sees. It tells the program where the cursor is, as terminals do."""

    def __init__(self, child: "pexpect.spawn[bytes]", columns: int) -> None:
        self.child = child
        super().__init__(columns, LINES)

    def write_process_input(self, data: str) -> None:
        self.child.send(data)


class Terminal:
    """A program in an emulated terminal that is looked at, and typed into, by a person."""

    def __init__(self, folder: Path, columns: int, *command: str) -> None:
        self.child: pexpect.spawn[bytes] = pexpect.spawn(
            command[0],
            list(command[1:]),
            cwd=str(folder),
            dimensions=(LINES, columns),
            env=environment(TERM="xterm-256color"),
        )
        self.screen = Screen(self.child, columns)
        self.stream = pyte.ByteStream(self.screen)

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display if line.strip()]

    def text(self) -> str:
        """What is on the screen, with every gap a single blank."""
        return " ".join(" ".join(self.lines).split())

    def read(self) -> None:
        try:
            self.stream.feed(self.child.read_nonblocking(65536, timeout=0.2))
        except pexpect.TIMEOUT:
            pass
        except pexpect.EOF:
            time.sleep(0.05)

    def see(self, *expected: str) -> None:
        """Wait until each text is on the screen, in whole words."""
        deadline = time.monotonic() + TIMEOUT
        while missing := [text for text in expected if text not in self.text()]:
            assert time.monotonic() < deadline, "\n".join([f"{missing} not on:", *self.lines])
            self.read()

    def type(self, keys: str) -> None:
        self.child.send(keys)

    def close(self) -> int | None:
        """Wait for the end; gives the exit code."""
        deadline = time.monotonic() + TIMEOUT
        while self.child.isalive() and time.monotonic() < deadline:
            self.read()
        self.child.close()
        code: int | None = self.child.exitstatus
        return code


def questionnaire(template: Path, folder: Path, columns: int) -> Terminal:
    command = (sys.executable, "-m", "copier", "copy", "--vcs-ref", "HEAD")
    return Terminal(folder, columns, *command, str(template), "churn")


def answer_all(terminal: Terminal) -> None:
    """Answer as somebody new who first gets a few things wrong."""
    terminal.see("What is the name of your service?", "My Service")
    terminal.type("\x15Flask" + ENTER)
    terminal.see("Validation error for question 'project_name': Taken by Python or a library.")
    terminal.type("\x15Churn" + ENTER)
    terminal.see("What does it do, in one sentence?")
    terminal.type("\x15Tells who will leave." + ENTER)
    terminal.see("Who is its author?")
    terminal.type("\x15Ada" + ENTER)
    terminal.see("The author's email address?")
    terminal.type("\x15ada" + ENTER)
    terminal.see("Write it as name@example.com.")
    terminal.type("@example.com" + ENTER)
    terminal.see("What does your model predict?", "A number", "A class", "My own model")
    terminal.type(DOWN + ENTER)
    terminal.see(
        "Where are predictions kept?",
        "SQLite, one file",
        "PostgreSQL",
        "MySQL or MariaDB",
        "SQL Server (not yet run against a server)",
        "MongoDB",
    )
    terminal.type(DOWN + ENTER)
    terminal.see("Do you want accounts?")
    terminal.type("n")
    terminal.see("Do you want an admin?")
    terminal.type("n")
    terminal.see("Do you want HTML pages with a form?")
    terminal.type("n")
    terminal.see("How well do you know web frameworks?")
    terminal.type(ENTER)
    terminal.see("How large will it become?", "A product with many screens, users and tables")
    terminal.type(ENTER)
    terminal.see(
        "Which framework?",
        "Flask is recommended: for a small service with few parts it is less to learn.",
        "» Flask",
    )
    terminal.type(DOWN)
    terminal.see("» Django")
    terminal.type(ENTER)
    terminal.see(
        "Churn is ready.",
        "cd churn",
        "uv run manage serve",
        "where there is no database server, it says how to start one",
        "open http://127.0.0.1:8000/docs in a browser",
    )


def test_questions_are_asked_and_answered_with_the_keyboard(template: Path, tmp_path: Path) -> None:
    terminal = questionnaire(template, tmp_path, columns=80)
    answer_all(terminal)
    assert terminal.close() == 0
    answers = (tmp_path / "churn" / ".copier-answers.yml").read_text(encoding="utf-8")
    for line in (
        "project_name: Churn",
        "description: Tells who will leave.",
        "author_name: Ada",
        "author_email: ada@example.com",
        "model: classification",
        "database: postgresql",
        "auth: false",
        "admin: false",
        "forms: false",
        "framework: django",
    ):
        assert line in answers.splitlines()


def test_nothing_is_wider_than_80_columns(template: Path, tmp_path: Path) -> None:
    """In a wide terminal no line wraps, so what is longer shows itself."""
    terminal = questionnaire(template, tmp_path, columns=200)
    answer_all(terminal)
    assert terminal.close() == 0
    wide = [line for line in terminal.lines if len(line) > 80]
    # Copier's own listing of files is as wide as their paths.
    assert not [line for line in wide if line.split()[0] != "create"]


def test_the_other_recommendation_and_ctrl_c(template: Path, tmp_path: Path) -> None:
    """An equal case says so, and giving up leaves nothing behind."""
    terminal = questionnaire(template, tmp_path, columns=80)
    for question in ("name of your service", "in one sentence", "author?", "email", "predict?"):
        terminal.see(question)
        terminal.type(ENTER)
    for question in (
        "predictions kept?",
        "want accounts?",
        "an admin?",
        "HTML pages",
        "know web frameworks?",
    ):
        terminal.see(question)
        terminal.type(ENTER)
    terminal.see("How large will it become?")
    terminal.type(DOWN + ENTER)
    terminal.see("Both fit these answers equally well, so take the one you like")
    terminal.type("\x03")
    assert terminal.close() != 0
    assert not (tmp_path / "churn").exists()


def test_a_database_that_is_not_relational(template: Path, tmp_path: Path) -> None:
    terminal = questionnaire(template, tmp_path, columns=80)
    for question in ("name of your service", "in one sentence", "author?", "email", "predict?"):
        terminal.see(question)
        terminal.type(ENTER)
    terminal.see("predictions kept?", "MongoDB")
    terminal.type(UP + ENTER)  # from the first to the last
    for question in ("accounts?", "an admin?", "HTML pages", "web frameworks?", "How large"):
        terminal.see(question)
        terminal.type(ENTER)
    terminal.see("Flask is recommended: your database is not relational", "» Flask")
    terminal.type("\x03")
    assert terminal.close() != 0

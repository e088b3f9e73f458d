"""The commands as they are typed."""

import csv
import socket
from pathlib import Path

import pytest
from modeldesk.serving.settings import write_secrets

from package.config import Settings

from .database import unreachable
from .framework import MIGRATE
from .running import PRODUCTION, free_port, manage

GOOD = {"area": "95.5", "age": "17", "rooms": "2", "garden": "false", "heating": "oil"}


def checks(printed: str) -> dict[str, str]:
    """What `doctor` printed of each thing it looked at."""
    return {line.split()[1]: line for line in printed.splitlines()}


def test_help_names_the_commands(folder: Path) -> None:
    shown = manage(folder, "--help").stdout.replace("_", "-")
    named = ("serve", "train", "replay", "predict-file", "export", "import", "doctor", MIGRATE[0])
    for name in named:
        assert name in shown


def test_a_command_that_does_not_exist(folder: Path) -> None:
    refused = manage(folder, "no-such")
    assert refused.returncode != 0
    assert "Traceback" not in refused.stderr


def test_doctor_finds_nothing(
    project: Path, small_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    write_secrets(Settings.load())
    settings = {"ARTIFACTS_DIR": str(small_model)}
    assert manage(project, *MIGRATE, **settings).returncode == 0
    done = manage(project, "doctor", "--port", str(free_port()), **settings)
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(checks(done.stdout)) == [
        "settings",
        "library",
        "files",
        "secret",
        "port",
        "model",
        "rules",
        "database",
        "migrations",
        "log",
    ]
    assert all(line.startswith("ok ") for line in checks(done.stdout).values())
    assert "houses" in checks(done.stdout)["model"]


def test_doctor_finds_everything(project: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = manage(project, "doctor", "--port", str(port))
    assert done.returncode == 1
    found = {name: line for name, line in checks(done.stdout).items() if "FAIL" in line}
    assert list(found) == ["secret", "port", "model", "migrations"]
    for name, mend in {
        "secret": "manage serve",
        "port": "another --port",
        "model": "manage train",
        "migrations": f"manage {' '.join(MIGRATE)}",
    }.items():
        assert mend in found[name]


def test_doctor_cannot_reach_the_database(folder: Path, pytestconfig: pytest.Config) -> None:
    settings = PRODUCTION | {"DATABASE_URL": unreachable(folder)}
    done = manage(folder, "doctor", "--port", str(free_port()), **settings)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "orrect DATABASE_URL" in checks(done.stdout)["database"]
    assert "unsaid" not in done.stdout + done.stderr
    assert "migrations" not in checks(done.stdout)
    parts = pytestconfig.getini("modeldesk_parts")
    assert ("PLAIN_HTTP=true" in checks(done.stdout).get("https", "")) == bool(parts)
    refused = "127.0.0.1:9 takes no mails: Connection refused. Correct MAIL_URL"
    assert (refused in checks(done.stdout).get("mail", "")) == ("auth" in parts)


def write(path: Path, *rows: dict[str, str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(GOOD))
        writer.writeheader()
        writer.writerows(rows)


def test_predict_file(folder: Path, small_model: Path) -> None:
    write(folder / "in.csv", GOOD, GOOD | {"area": "big"}, GOOD | {"age": ""})
    settings = {"ARTIFACTS_DIR": str(small_model)}
    done = manage(folder, "predict-file", "in.csv", "out.csv", **settings)
    assert done.returncode == 1
    assert "2 rows predicted, 1 refused" in done.stdout
    assert "Row 2: Living area " in done.stdout
    with (folder / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["prediction"] in ("cheap", "dear") for row in rows] == [True, False, True]
    assert [{name: row[name] for name in GOOD} for row in rows] == [
        GOOD,
        GOOD | {"area": "big"},
        GOOD | {"age": ""},
    ]
    write(folder / "in.csv", GOOD)
    assert manage(folder, "predict-file", "in.csv", "out.csv", **settings).returncode == 0


def test_predict_file_cannot(folder: Path, small_model: Path) -> None:
    write(folder / "in.csv", GOOD)
    for settings, arguments, words in (
        ({}, ["in.csv", "out.csv"], "manage train"),
        ({"ARTIFACTS_DIR": str(small_model)}, ["none.csv", "out.csv"], "There is no file none.csv"),
    ):
        done = manage(folder, "predict-file", *arguments, **settings)
        assert done.returncode == 1
        assert done.stderr.startswith("Error: ")
        assert words in done.stderr
        assert done.stderr.count("\n") == 1
        assert not (folder / "out.csv").exists()

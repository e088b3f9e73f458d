"""Django's own checks of production."""

from pathlib import Path

from .running import PRODUCTION, manage


def test_nothing_is_to_be_mended_before_deployment(project: Path) -> None:
    command = ("check", "--deploy", "--fail-level", "WARNING")
    done = manage(project, *command, **PRODUCTION, PROXIES="1")
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout

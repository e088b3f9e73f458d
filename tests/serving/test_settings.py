"""Settings: where they come from, and what production refuses."""

import os
from pathlib import Path

import pytest
from modeldesk.ml.project import artifacts_dir, project_root
from modeldesk.serving import settings as config
from modeldesk.serving.database_url import DEVELOPMENT_URL, parsed
from modeldesk.serving.settings import SettingsError

from package.config import Settings

from .running import PRODUCTION

PROJECT = Path(__file__).parents[1]
FIT = PRODUCTION | {"DATABASE_URL": DEVELOPMENT_URL}


@pytest.fixture(autouse=True)
def _nothing_set(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def load(folder: Path, **lines: str) -> Settings:
    """The settings of these lines in `.env`."""
    text = "".join(f"{name}={value}\n" for name, value in lines.items())
    (folder / ".env").write_text(text, "utf-8")
    return Settings.load()


def test_development_needs_nothing(folder: Path) -> None:
    settings = Settings.load()
    assert not settings.production
    assert settings.database_url == parsed(DEVELOPMENT_URL.replace("{password}", "-"), folder)
    assert {"localhost", "127.0.0.1"} <= set(settings.allowed_hosts)
    assert settings.prediction_log == "durable"
    assert settings.artifacts_dir == folder / "artifacts"
    assert len(settings.secret_key) > 50
    assert settings.secret_key != Settings.load().secret_key


def test_the_environment_wins_over_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(folder, PREDICTION_LOG="buffered").prediction_log == "buffered"
    monkeypatch.setenv("PREDICTION_LOG", "durable")
    assert Settings.load().prediction_log == "durable"


def test_settings_are_found_from_below(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = folder / "src" / "deep"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert project_root() == folder
    assert load(folder, ARTIFACTS_DIR="models").artifacts_dir == folder / "models"
    assert artifacts_dir() == folder / "models"
    assert load(folder, ARTIFACTS_DIR=str(deep)).artifacts_dir == deep
    assert artifacts_dir() == deep


def test_hosts_may_be_written_with_blanks(folder: Path) -> None:
    settings = load(folder, ALLOWED_HOSTS="a.example, .b.example ,10.0.0.7")
    assert settings.allowed_hosts == ["a.example", ".b.example", "10.0.0.7"]


def test_a_setting_left_empty_is_not_set(folder: Path) -> None:
    assert load(folder, SECRET_KEY="", DATABASE_URL="", APP_ENV="").secret_key


def test_what_is_fit_for_production(folder: Path) -> None:
    settings = load(folder, **FIT)
    assert settings.production
    assert settings.secret_key == FIT["SECRET_KEY"]
    assert settings.database_url == parsed(DEVELOPMENT_URL, folder)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY must have at least 50 characters"),
        ({"SECRET_KEY": "s" * 49}, "SECRET_KEY must have at least 50 characters"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS must name the hosts"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must name the hosts"),
        ({"ALLOWED_HOSTS": "a.example,*"}, "ALLOWED_HOSTS must name the hosts"),
        ({"DATABASE_URL": ""}, "DATABASE_URL "),
        ({"DATABASE_URL": "app.db"}, "DATABASE_URL "),
        ({"DATABASE_URL": "oracle://db.example/app"}, "DATABASE_URL must begin with"),
        ({"SECRET_KEY": "", "ALLOWED_HOSTS": ""}, "SECRET_KEY must .*; ALLOWED_HOSTS must "),
        ({"APP_ENV": "prod"}, "APP_ENV: .*'development' or 'production'"),
        ({"PREDICTION_LOG": "fast"}, "PREDICTION_LOG: .*'durable' or 'buffered'"),
        ({"APP_ENV": "x", "PREDICTION_LOG": "y"}, "APP_ENV: .*; PREDICTION_LOG: "),
    ],
)
def test_what_production_refuses(folder: Path, change: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words) as refused:
        load(folder, **FIT | change)
    assert FIT["SECRET_KEY"] not in str(refused.value)


def test_a_new_secret(folder: Path) -> None:
    (folder / ".env").write_text("# kept\nPREDICTION_LOG=buffered\n", "utf-8")
    assert not config.has_secret()
    config.write_secrets()
    assert config.has_secret()
    text = (folder / ".env").read_text("utf-8")
    assert text.startswith("# kept\nPREDICTION_LOG=buffered\n")
    settings = Settings.load()
    assert len(settings.secret_key) > 50
    assert settings.secret_key in text
    assert settings.secret_key == Settings.load().secret_key


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no such permissions")
def test_a_new_secret_is_for_its_owner_only(folder: Path) -> None:
    config.write_secrets()
    assert (folder / ".env").stat().st_mode & 0o077 == 0


def test_every_setting_is_documented() -> None:
    text = (PROJECT / ".env.example").read_text("utf-8")
    documented = [line for line in text.splitlines() if line.startswith("# ") and "=" in line]
    names = {line.removeprefix("# ").partition("=")[0] for line in documented}
    assert {name.upper() for name in Settings.model_fields} <= names

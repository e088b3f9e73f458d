"""Settings: where they come from, and what production refuses."""

import itertools
import os
from pathlib import Path
from typing import ClassVar

import pytest
from modeldesk.ml.project import artifacts_dir, project_root
from modeldesk.serving import settings as config
from modeldesk.serving.database_url import DATABASES
from modeldesk.serving.settings import MailServer, Settings, SettingsError

PRODUCTION = {
    "APP_ENV": "production",
    "SECRET_KEY": "a secret that only the tests of this project know of",
    "ALLOWED_HOSTS": "127.0.0.1,localhost",
}
MAIL = {"MAIL_URL": "smtp://127.0.0.1:9", "MAIL_FROM": "service@example.com"}
SERVERS = [name for name in DATABASES if name != "sqlite"]


class Extended(Settings):
    """With a setting of an owner's own."""

    threshold: float = 0.5


def of(name: str, with_accounts: bool) -> type[Settings]:
    """The settings of a project with these answers, as its `config.py` has them."""

    class Chosen(Settings):
        database: ClassVar[str] = name
        auth: ClassVar[bool] = with_accounts

    return Chosen


ALL = {
    f"{name}{'-auth' if auth else ''}": of(name, auth)
    for name, auth in itertools.product(DATABASES, (False, True))
}
each_kind = pytest.mark.parametrize("kind", ALL.values(), ids=ALL)


def fit(kind: type[Settings]) -> dict[str, str]:
    """What is fit for production."""
    url = DATABASES[kind.database].development_url
    return PRODUCTION | {"DATABASE_URL": url} | (MAIL if kind.auth else {})


@pytest.fixture(autouse=True)
def _nothing_set(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    for name in Extended.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def load(folder: Path, kind: type[Settings] = Settings, **lines: str) -> Settings:
    """The settings of these lines in `.env`."""
    text = "".join(f"{name}={value}\n" for name, value in lines.items())
    (folder / ".env").write_text(text, "utf-8")
    return kind.load()


@each_kind
def test_development_needs_nothing(folder: Path, kind: type[Settings]) -> None:
    settings = kind.load()
    assert not settings.production
    database = DATABASES[kind.database]
    url = database.development_url.replace("{password}", "-")
    assert settings.database_url == database.parsed(url, folder)
    assert {"localhost", "127.0.0.1"} <= set(settings.allowed_hosts)
    assert settings.prediction_log == "durable"
    assert settings.artifacts_dir == folder / "artifacts"
    assert len(settings.secret_key) > 50
    assert settings.secret_key != kind.load().secret_key
    assert (settings.mail_url, settings.proxies, settings.database_timeout) == (None, 0, 30)


@pytest.mark.parametrize("name", SERVERS)
def test_development_takes_the_password_of_its_database(folder: Path, name: str) -> None:
    settings = load(folder, of(name, False), DATABASE_PASSWORD="p-w_d")
    assert ":p-w_d@127.0.0.1:" in settings.database_url


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


@pytest.mark.parametrize(
    ("typed", "hosts"),
    [
        ("a.example,", ["a.example"]),
        ("A.Example:8443,localhost:8000", ["a.example", "localhost"]),
        ("[::1]:8000,::1,[2001:DB8::7]", ["[::1]", "[::1]", "[2001:db8::7]"]),
        ("münchen.example,.zürich.example", ["xn--mnchen-3ya.example", ".xn--zrich-kva.example"]),
        ("my_service,10.0.0.7:80,*", ["my_service", "10.0.0.7", "*"]),
    ],
)
def test_hosts_are_what_browsers_send(folder: Path, typed: str, hosts: list[str]) -> None:
    assert load(folder, ALLOWED_HOSTS=typed).allowed_hosts == hosts


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("https://predict.example", "https://predict.example should be predict.example$"),
        ("a.example,http://b.example:80/wine", "http://b.example:80/wine should be b.example$"),
        ("b.example/wine", "b.example/wine should be b.example$"),
        ("*.b.example", r"\*.b.example should be .b.example, which is all hosts below b.example"),
        ("a.example b.example", "should be a host such as predict.example.com$"),
        ("https://", "should be a host such as predict.example.com$"),
        (",", "should name a host such as predict.example.com$"),
        ("a.example:80b", "a.example:80b should be a.example$"),
        ("a..example", "should be a host such as predict.example.com$"),
    ],
)
def test_what_is_no_host(folder: Path, typed: str, says: str) -> None:
    with pytest.raises(SettingsError, match=f"^ALLOWED_HOSTS: .*{says}"):
        load(folder, ALLOWED_HOSTS=typed)


@pytest.mark.parametrize("sender", ["predict@example.com", "Prices <predict@example.com>"])
def test_a_sender_has_an_address(folder: Path, sender: str) -> None:
    assert load(folder, MAIL_FROM=sender).mail_from == sender
    for fault in ("predict", "Prices", "predict@", "@example.com"):
        with pytest.raises(SettingsError, match=r"^MAIL_FROM: should be an address such as "):
            load(folder, MAIL_FROM=fault)


@pytest.mark.parametrize(
    ("typed", "path"), [("/wine", "/wine"), ("/wine/", "/wine"), ("/a/b-c", "/a/b-c"), ("/", "")]
)
def test_a_path_has_no_slash_at_its_end(folder: Path, typed: str, path: str) -> None:
    assert load(folder, PATH_PREFIX=typed).path_prefix == path


def test_https_is_of_production_unless_it_is_said(folder: Path) -> None:
    assert not load(folder).https
    assert load(folder, Settings, **fit(Settings)).https
    assert not load(folder, Settings, **fit(Settings), PLAIN_HTTP="true").https


@each_kind
def test_a_setting_left_empty_is_not_set(folder: Path, kind: type[Settings]) -> None:
    names = ("SECRET_KEY", "DATABASE_URL", "APP_ENV", "MAIL_URL", "PATH_PREFIX", "PLAIN_HTTP")
    assert load(folder, kind, **dict.fromkeys(names, "")).secret_key


def test_an_owner_adds_settings(folder: Path) -> None:
    assert Extended.load().threshold == 0.5
    load(folder, Extended, THRESHOLD="0.7")
    assert Extended.load().threshold == 0.7
    with pytest.raises(SettingsError, match=r"^THRESHOLD: Input should be a valid number"):
        load(folder, Extended, THRESHOLD="much")


@each_kind
def test_what_is_fit_for_production(folder: Path, kind: type[Settings]) -> None:
    given = fit(kind)
    settings = load(folder, kind, **given)
    assert settings.production
    assert settings.secret_key == given["SECRET_KEY"]
    database = DATABASES[kind.database]
    assert settings.database_url == database.parsed(database.development_url, folder)
    assert (settings.mail_url is not None) == kind.auth


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
        ({"PROXIES": "-1"}, "PROXIES: "),
        ({"PATH_PREFIX": "wine"}, "PATH_PREFIX: should be a path such as /wine"),
        ({"PATH_PREFIX": "//wine.example"}, "PATH_PREFIX: should be a path such as /wine"),
        ({"PLAIN_HTTP": "perhaps"}, "PLAIN_HTTP: "),
        ({"DATABASE_TIMEOUT": "soon"}, "DATABASE_TIMEOUT: "),
    ],
)
@each_kind
def test_what_production_refuses(
    folder: Path, kind: type[Settings], change: dict[str, str], words: str
) -> None:
    given = fit(kind)
    with pytest.raises(SettingsError, match=words) as refused:
        load(folder, kind, **given | change)
    assert given["SECRET_KEY"] not in str(refused.value)


@pytest.mark.parametrize("change", [{"MAIL_URL": ""}, {"MAIL_FROM": ""}])
@each_kind
def test_production_sends_mail_where_people_sign_up(
    folder: Path, kind: type[Settings], change: dict[str, str]
) -> None:
    if kind.auth:
        with pytest.raises(
            SettingsError, match=r"^MAIL_URL and MAIL_FROM must be set in production"
        ):
            load(folder, kind, **fit(kind) | change)
    else:
        assert load(folder, kind, **fit(kind) | change).production


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.com", MailServer("mail.example.com", 587, "", "", tls=False)),
        ("smtps://mail.example.com", MailServer("mail.example.com", 465, "", "", tls=True)),
        ("smtp://a%40b:p%2Fw@[::1]:25", MailServer("::1", 25, "a@b", "p/w", tls=False)),
        ("mail.example.com", None),
        ("http://mail.example.com", None),
        ("smtp://", None),
        ("smtp://mail.example.com:99999", None),
    ],
)
def test_mail_is_handed_over_to_a_server(folder: Path, url: str, server: MailServer | None) -> None:
    kind = of("sqlite", True)
    if server:
        assert load(folder, kind, MAIL_URL=url).mail_url == server
        return
    with pytest.raises(SettingsError, match=r"^MAIL_URL: should be such as smtp://user:password"):
        load(folder, kind, MAIL_URL=url)


@each_kind
def test_a_new_secret(folder: Path, kind: type[Settings]) -> None:
    (folder / ".env").write_text("# kept\nPREDICTION_LOG=buffered\n", "utf-8")
    assert not config.has_secret()
    written = config.write_secrets(kind.load())
    assert written == ["SECRET_KEY", *(["DATABASE_PASSWORD"] if kind.database in SERVERS else [])]
    assert config.has_secret()
    text = (folder / ".env").read_text("utf-8")
    assert text.startswith("# kept\nPREDICTION_LOG=buffered\n")
    settings = kind.load()
    assert len(settings.secret_key) > 50
    assert settings.secret_key in text
    assert settings.secret_key == kind.load().secret_key
    assert ("DATABASE_PASSWORD=" in text) == (kind.database in SERVERS)
    if kind.database in SERVERS:
        assert len(settings.database_password) > 50
        assert f":{settings.database_password}@127.0.0.1:" in settings.database_url
    assert config.write_secrets(settings) == []
    assert (folder / ".env").read_text("utf-8") == text


@each_kind
def test_a_database_that_is_named_gets_no_password(folder: Path, kind: type[Settings]) -> None:
    settings = load(folder, kind, DATABASE_URL=DATABASES[kind.database].development_url)
    assert config.write_secrets(settings) == ["SECRET_KEY"]
    assert "DATABASE_PASSWORD" not in (folder / ".env").read_text("utf-8")


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no such permissions")
def test_a_new_secret_is_for_its_owner_only(folder: Path) -> None:
    config.write_secrets(Settings.load())
    assert (folder / ".env").stat().st_mode & 0o077 == 0

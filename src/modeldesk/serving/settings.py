"""Settings, read from the environment and then from `.env` beside `pyproject.toml`."""

import re
import secrets
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import unquote, urlsplit

from dotenv import set_key
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    NonNegativeInt,
    ValidationError,
    model_validator,
)

from ..ml.project import environment, project_root
from .database_url import DATABASES
from .hosts import hosts

MIN_SECRET_LENGTH = 50
Hosts = Annotated[list[str], BeforeValidator(hosts)]
PREFIX = re.compile(r"(/[\w.~-]+)*/?", re.ASCII)


class SettingsError(Exception):
    """Settings that are missing or wrong; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over: by STARTTLS, or over TLS from the start."""

    host: str
    port: int
    user: str
    password: str
    tls: bool


def _mail_server(text: str) -> MailServer:
    """The server that a URL names: smtp://, or smtps:// for TLS from the start."""
    try:
        url = urlsplit(text)
        port = url.port or (465 if url.scheme == "smtps" else 587)
        if url.scheme not in ("smtp", "smtps") or not url.hostname:
            raise ValueError
    except ValueError:
        raise ValueError("should be such as smtp://user:password@mail.example.com:587") from None
    user, password = unquote(url.username or ""), unquote(url.password or "")
    return MailServer(url.hostname, port, user, password, tls=url.scheme == "smtps")


MailURL = Annotated[MailServer, BeforeValidator(_mail_server)]


def _sender(text: str) -> str:
    """An address, with or without a name before it."""
    name, _, host = parseaddr(text)[1].rpartition("@")
    if not name or not host:
        raise ValueError("should be an address such as predict@example.com")
    return text


Sender = Annotated[str, BeforeValidator(_sender)]


def path_prefix(text: str) -> str:
    """Without a slash at its end; empty at the root of a host."""
    if not PREFIX.fullmatch(text):
        raise ValueError("should be a path such as /wine")
    return text.rstrip("/")


PathPrefix = Annotated[str, BeforeValidator(path_prefix)]


class Settings(BaseModel):
    """One field for each line of `.env.example`, which documents them.

    A project has a class of its own below this one, which names its `database`, one of DATABASES,
    and whether people have accounts to predict with, `auth`; it may add fields.
    """

    model_config = ConfigDict(frozen=True)
    database: ClassVar[str] = "sqlite"
    auth: ClassVar[bool] = False

    app_env: Literal["development", "production"] = "development"
    secret_key: str = ""
    database_url: str = ""
    database_password: str = ""
    database_timeout: NonNegativeInt = 30  # seconds
    allowed_hosts: Hosts = []
    prediction_log: Literal["durable", "buffered"] = "durable"
    artifacts_dir: Path = Path("artifacts")
    proxies: NonNegativeInt = 0
    path_prefix: PathPrefix = ""
    plain_http: bool = False
    mail_url: MailURL | None = None
    mail_from: Sender = "service@localhost"

    @property
    def production(self) -> bool:
        return self.app_env == "production"

    @property
    def https(self) -> bool:
        """Whether browsers come by HTTPS, which a proxy speaks: cookies are for nothing else."""
        return self.production and not self.plain_http

    def cookie_name(self, name: str) -> str:
        """What no other service of the same host calls one of its cookies.

        Where it may be for the whole host, a prefix keeps neighbouring hosts from setting it.
        """
        if self.path_prefix:
            return name + self.path_prefix.replace("/", "-")
        return f"__Host-{name}" if self.https else name

    @model_validator(mode="before")
    @classmethod
    def _development_defaults(cls, values: dict[str, Any]) -> dict[str, Any]:
        if values.get("app_env", "development") != "development":
            return values
        return {
            "secret_key": secrets.token_urlsafe(48),
            "database_url": DATABASES[cls.database].development_url.format(
                password=values.get("database_password", "-")
            ),
            "allowed_hosts": "localhost,127.0.0.1,[::1]",
        } | values

    @model_validator(mode="after")
    def _fit_to_serve(self) -> Self:
        faults = []
        if self.production and len(self.secret_key) < MIN_SECRET_LENGTH:
            faults.append(
                f"SECRET_KEY must have at least {MIN_SECRET_LENGTH} characters in production; make "
                'one with: python -c "import secrets; print(secrets.token_urlsafe(48))"'
            )
        if self.production and (not self.allowed_hosts or "*" in self.allowed_hosts):
            faults.append(
                "ALLOWED_HOSTS must name the hosts of this service in production, such as: "
                "ALLOWED_HOSTS=predict.example.com,10.0.0.7"
            )
        can_mail = self.mail_url and "mail_from" in self.model_fields_set
        if self.production and self.auth and not can_mail:
            faults.append(
                "MAIL_URL and MAIL_FROM must be set in production, to confirm addresses, such as: "
                "MAIL_URL=smtp://user:password@mail.example.com:587 MAIL_FROM=predict@example.com"
            )
        try:
            database_url = DATABASES[self.database].parsed(self.database_url, project_root())
        except ValueError as error:
            faults.append(str(error))
        if faults:
            raise ValueError("; ".join(faults))
        artifacts_dir = project_root() / self.artifacts_dir
        return self.model_copy(
            update={"database_url": database_url, "artifacts_dir": artifacts_dir}
        )

    @classmethod
    def load(cls) -> Self:
        """Read the settings; paths become absolute.

        Raises:
            SettingsError: a sentence for every setting at fault.
        """
        found = environment()
        values = {name: found[name.upper()] for name in cls.model_fields if found.get(name.upper())}
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise SettingsError("; ".join(map(_sentence, error.errors()))) from None


def _sentence(fault: Any) -> str:
    """What is wrong, without the value, which may be secret."""
    said = str(fault["ctx"]["error"]) if fault["type"] == "value_error" else fault["msg"]
    return f"{fault['loc'][0].upper()}: {said}" if fault["loc"] else said


def has_secret() -> bool:
    """Whether SECRET_KEY is set, rather than made up anew by each process in development."""
    return bool(environment().get("SECRET_KEY"))


def write_secrets(settings: Settings) -> list[str]:
    """Add the secrets that are missing to `.env`, which only its owner may read; their names."""
    found = environment()
    wanted = ["SECRET_KEY"]
    if settings.database != "sqlite" and not found.get("DATABASE_URL"):
        wanted.append("DATABASE_PASSWORD")
    missing = [name for name in wanted if not found.get(name)]
    env_file = project_root() / ".env"
    env_file.touch(mode=0o600)
    for name in missing:
        set_key(env_file, name, secrets.token_urlsafe(48), quote_mode="never")
    return missing

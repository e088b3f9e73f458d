"""Settings, read from the environment and then from `.env` beside `pyproject.toml`."""

import os
import secrets
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from dotenv import dotenv_values, set_key
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

MIN_SECRET_LENGTH = 32
SQLITE = "sqlite:///"
Names = Annotated[list[str], BeforeValidator(lambda text: [n.strip() for n in text.split(",")])]


class SettingsError(Exception):
    """Settings that are missing or wrong; the message says what to write instead."""


def project_root() -> Path:
    """The nearest folder, from the working directory upwards, that holds `pyproject.toml`."""
    here = Path.cwd()
    return next((p for p in (here, *here.parents) if (p / "pyproject.toml").is_file()), here)


class Settings(BaseModel):
    """One field for each line of `.env.example`, which documents them."""

    model_config = ConfigDict(frozen=True)

    app_env: Literal["development", "production"] = "development"
    secret_key: str = ""
    database_url: str = ""
    allowed_hosts: Names = []
    prediction_log: Literal["durable", "buffered"] = "durable"
    artifacts_dir: Path = Path("artifacts")

    @property
    def production(self) -> bool:
        return self.app_env == "production"

    @model_validator(mode="before")
    @classmethod
    def _development_defaults(cls, values: dict[str, Any]) -> dict[str, Any]:
        if values.get("app_env", "development") != "development":
            return values
        return {
            "secret_key": secrets.token_urlsafe(48),
            "database_url": f"{SQLITE}data/app.db",
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
        if not self.database_url.startswith(SQLITE):
            faults.append(
                f"DATABASE_URL must begin with {SQLITE}, and production has no default for it; "
                f"such as: DATABASE_URL={SQLITE}/srv/data/app.db"
            )
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @classmethod
    def load(cls) -> Self:
        """Read the settings; paths become absolute, and the folder of the database is made.

        Raises:
            SettingsError: a sentence for every setting at fault.
        """
        found, root = _environment(), project_root()
        values = {name: found[name.upper()] for name in cls.model_fields if found.get(name.upper())}
        try:
            settings = cls.model_validate(values)
            database = root / settings.database_url.removeprefix(SQLITE)
            database.parent.mkdir(parents=True, exist_ok=True)
        except ValidationError as error:
            raise SettingsError("; ".join(map(_sentence, error.errors()))) from None
        except OSError as error:
            raise SettingsError(f"DATABASE_URL: {error.filename}: {error.strerror}") from None
        paths = {"database_url": f"{SQLITE}{database.as_posix()}"}
        return settings.model_copy(update=paths | {"artifacts_dir": root / settings.artifacts_dir})


def _sentence(fault: Any) -> str:
    place, message = fault["loc"], fault["msg"]
    return f"{place[0].upper()}: {message}" if place else str(fault["ctx"]["error"])


def _environment() -> dict[str, str | None]:
    return dotenv_values(project_root() / ".env") | dict(os.environ)


def has_secret() -> bool:
    """Whether SECRET_KEY is set, rather than made up anew by each process in development."""
    return bool(_environment().get("SECRET_KEY"))


def write_secret() -> None:
    """Add a new SECRET_KEY to `.env`, which only its owner may read."""
    env_file = project_root() / ".env"
    env_file.touch(mode=0o600)
    set_key(env_file, "SECRET_KEY", secrets.token_urlsafe(48), quote_mode="never")

"""Where the project and its models are, from wherever in it Python was started."""

import os
import re
import tomllib
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from io import StringIO
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from .artifact import ArtifactError

GROUP, TRAIN = "modeldesk", "train"  # the entry point by which a project names its training


def named(name: str) -> list[EntryPoint]:
    """The entry points of this name; only that of the project here, where it has one.

    An environment may still hold the project under the name that it had before, or another one.
    """
    found = list(entry_points(group=GROUP, name=name))
    if len(found) > 1:
        here = _normal(_project_name())
        return [one for one in found if one.dist and _normal(one.dist.name) == here] or found
    return found


def training() -> Any:
    """The function that trains the project's model.

    Raises:
        ArtifactError: nothing installed here names one, or several do.
    """
    found = named(TRAIN)
    if len(found) != 1:
        names = " and ".join(sorted(one.value for one in found)) or "no project"
        why = f"Training is named by {names}, where one project should be installed"
        mend = "`uv sync`" if found else "the command by `uv run`"
        raise ArtifactError(f"{why}; run {mend} in the project's folder.")
    (one,) = found
    return one.load()


@cache
def packages() -> tuple[str, ...]:
    """Where projects keep the code of their models: the packages that hold their training."""
    return tuple(sorted({one.module.rpartition(".")[0] for one in named(TRAIN)}))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _project_name() -> str:
    try:
        about = tomllib.loads((project_root() / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return str(about.get("project", {}).get("name", ""))


def transformers() -> str:
    """The file for an owner's own parts of models."""
    return f"src/{(packages() or ('your_package',))[0].replace('.', '/')}/transformers.py"


def project_root() -> Path:
    """The nearest folder, from the working directory upwards, that holds `pyproject.toml`."""
    here = Path.cwd()
    return next((p for p in (here, *here.parents) if (p / "pyproject.toml").is_file()), here)


def environment() -> dict[str, str | None]:
    """The environment, over what `.env` beside `pyproject.toml` says.

    Raises:
        ArtifactError: that file cannot be read, or a line of it says nothing.
    """
    return dotenv_values(stream=StringIO(_said(project_root() / ".env"))) | dict(os.environ)


def _said(path: Path) -> str:
    """The text of a file that may not be there."""
    if not path.is_file():
        return ""
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        mend = "in PowerShell with: (Get-Content .env) | Set-Content -Encoding utf8 .env"
        raise ArtifactError(f"{path} is not in UTF-8; save it so, {mend}") from None
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read: {error.strerror}.") from None
    for line in parse_stream(StringIO(text)):
        if line.error:
            said = line.original.string  # with the blank lines before it
            number = line.original.line + said[: -len(said.lstrip())].count("\n")
            raise ArtifactError(f"{path}, line {number}: write NAME=value, or # before a comment.")
    return text


def artifacts_dir() -> Path:
    """Where models are: ARTIFACTS_DIR, below the project unless absolute, else `artifacts`."""
    return project_root() / (environment().get("ARTIFACTS_DIR") or "artifacts")

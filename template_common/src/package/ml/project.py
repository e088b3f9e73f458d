"""Where the project and its models are, from wherever in it Python was started."""

import os
from pathlib import Path

from dotenv import dotenv_values

PACKAGE = __package__  # where a project keeps the code of its models
TRANSFORMERS = f"src/{PACKAGE.replace('.', '/')}/transformers.py"  # and the owner's own parts


def project_root() -> Path:
    """The nearest folder, from the working directory upwards, that holds `pyproject.toml`."""
    here = Path.cwd()
    return next((p for p in (here, *here.parents) if (p / "pyproject.toml").is_file()), here)


def environment() -> dict[str, str | None]:
    """The environment, over what `.env` beside `pyproject.toml` says."""
    return dotenv_values(project_root() / ".env") | dict(os.environ)


def artifacts_dir() -> Path:
    """Where models are: ARTIFACTS_DIR, below the project unless absolute, else `artifacts`."""
    return project_root() / (environment().get("ARTIFACTS_DIR") or "artifacts")

"""The library as tests give it to projects: a wheel of the working tree, built once for a run."""

import os
import tempfile
import tomllib
from pathlib import Path

from .helpers import REPO, need, run

# Workers of one run share it, by the environment that they inherit.
FOLDER = Path(os.environ.setdefault("MODELDESK_WHEEL", tempfile.mkdtemp(prefix="modeldesk-")))
ABOUT = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WHEEL = FOLDER / f"modeldesk-{ABOUT['version']}-py3-none-any.whl"
REQUIREMENT = f"modeldesk @ {WHEEL.as_uri()}"


def build() -> None:
    """Build the wheel."""
    run(REPO, need("uv"), "build", "--quiet", "--wheel", "--out-dir", str(FOLDER))

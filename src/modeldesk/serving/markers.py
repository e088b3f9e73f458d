"""Conflict markers, which an update or a merge leaves where somebody has to decide."""

import shutil
import subprocess
from pathlib import Path

from ..ml.project import project_root

MARKER = "^(<<<<<<<|>>>>>>>) "
TOLD = 5  # places


def markers_fault(below: str = ".") -> str | None:
    """Where the project's files have markers, by file and line, and what to do, or None.

    Only files that git knows are looked at: without git, or outside of a repository, there are
    no updates either.
    """
    places = _places(project_root(), below)
    if not places:
        return None
    more = f" and {len(places) - TOLD} more" if len(places) > TOLD else ""
    told = f"{', '.join(places[:TOLD])}{more}"
    return f"Conflict markers are in {told}; decide what is to stand there, and remove them."


def _places(root: Path, below: str) -> list[str]:
    if not (git := shutil.which("git")):
        return []
    grep = ("grep", "--line-number", "-I", "--extended-regexp", MARKER, "--", below)
    command = [git, "-c", "core.quotePath=false", *grep]
    done = subprocess.run(command, cwd=root, capture_output=True, check=False)
    lines = done.stdout.decode("utf-8", errors="replace").splitlines()
    return [", line ".join(line.split(":", 2)[:2]) for line in lines]

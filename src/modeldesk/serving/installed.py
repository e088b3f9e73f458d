"""Which library is installed, and whether it is the one that the project names."""

import json
import re
import tomllib
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ..ml.project import project_root

NAME = "modeldesk"


def installed() -> str:
    """Its version and, where it came from a repository, the first digits of its commit."""
    found = _source().get("vcs_info", {}).get("commit_id")
    return f"{distribution(NAME).version}{f', commit {found[:12]}' if found else ''}"


def library_fault() -> str | None:
    """Why it is not the library that `pyproject.toml` names, or None; None without that file."""
    named = _named()
    url, _, commit = (
        named.removeprefix("git+").rpartition("@") if _of_git(named) else (named, "", "")
    )
    source = _source()
    there, at = source.get("url", ""), source.get("vcs_info", {}).get("commit_id", "")
    if not named or (_same(url, there) and (not commit or at.startswith(commit))):
        return None
    has = f"{there}{f'@{at}' if at else ''}" if there else f"version {installed()} of an index"
    return f"pyproject.toml names {named}, and what is installed is {has}; run: uv sync"


def _of_git(requirement: str) -> bool:
    return requirement.startswith("git+") and "@" in requirement.rpartition("/")[2]


def _same(url: str, other: str) -> bool:
    return unquote(url).rstrip("/") == unquote(other).rstrip("/")


def _source() -> dict[str, Any]:
    """Where it was installed from, as PEP 610 has it written down."""
    text = distribution(NAME).read_text("direct_url.json")
    found: dict[str, Any] = json.loads(text) if text else {}
    return found


def _named() -> str:
    """The URL after the name in the project's dependencies, or the folder that takes its place."""
    path = project_root() / "pyproject.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    source = content.get("tool", {}).get("uv", {}).get("sources", {}).get(NAME, {})
    if isinstance(source, dict) and "path" in source:
        return Path(path.parent, source["path"]).resolve().as_uri()
    for line in content.get("project", {}).get("dependencies", []):
        if match := re.fullmatch(rf"{NAME}\s*(?:\[.*?\])?\s*@\s*(\S+)", line):
            return match[1]
    return ""

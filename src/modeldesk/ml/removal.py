"""Removes versions that are no longer needed."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from .artifact import ArtifactError
from .versions import (
    current_version,
    previous_version,
    promoting,
    shadow_version,
    trained_at,
    versions,
)

GONE = ".removed."  # how the name of a folder begins that is about to be removed


def unneeded(root: Path, before: datetime) -> list[str]:
    """The versions trained before a moment that are neither current nor previous nor shadow.

    Where it cannot be told when one was trained, its folder was last changed before then.
    """
    return [v for v in versions(root) if not use(root, v) and _trained_at(root / v) < before]


def _trained_at(path: Path) -> datetime:
    return trained_at(path) or datetime.fromtimestamp(path.stat().st_mtime, UTC)


def use(root: Path, version: str) -> str | None:
    """What a version is needed as, or None."""
    uses = {
        previous_version(root): "the previous one, to which `manage rollback` goes",
        shadow_version(root): "the shadow; first run `manage shadow --off`",
        current_version(root): "the current one; promote another one first",
    }
    return uses.get(version)


def check(root: Path, version: str, *, told: bool = True) -> None:
    """Raise ArtifactError when a version is needed; the previous one is not if somebody says so."""
    if (used := use(root, version)) and not (told and version == previous_version(root)):
        raise ArtifactError(f"Version {version} is {used}.")


def remove(root: Path, version: str, *, told: bool) -> None:
    """Remove a version, of which nothing can be seen from the first moment on.

    Raises ArtifactError when `check` does, or the folder cannot be removed.
    """
    with promoting(root):
        check(root, version, told=told)
        _sweep(root)
        os.replace(root / version, root / f"{GONE}{version}")
        _sweep(root)


def sweep(root: Path) -> None:
    """Remove what a removal left that was interrupted. Raises ArtifactError when it cannot be."""
    with promoting(root):
        _sweep(root)


def _sweep(root: Path) -> None:
    for left in root.glob(f"{GONE}*"):
        shutil.rmtree(left)

"""Which versions there are, which is served and was before, and which runs in its shadow.

`artifacts/current` has a line for each promotion, the newest first: the version, and the moment
it became current. `artifacts/shadow` has the version that answers beside it, if one does, and
the moment it was chosen.
"""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..file_lock import locked
from .artifact import ArtifactError, load
from .signature import Signature

VERSION = re.compile("[0-9a-f]{12}")
FEWEST_DIGITS = 4  # that may stand for a version
LONGEST_HISTORY = 1000  # promotions
UNKNOWN = datetime.min.replace(tzinfo=UTC)

History = list[tuple[str, datetime | None]]


@dataclass(frozen=True)
class Shadow:
    """A version that answers beside the current one, unseen, what is asked `since` then."""

    version: str
    since: datetime


def versions(root: Path) -> list[str]:
    """The versions below `root`, newest trained first; damaged ones are last."""
    found = [p.name for p in root.glob("*") if VERSION.fullmatch(p.name) and p.is_dir()]
    return sorted(found, key=lambda v: (trained_at(root / v) or UNKNOWN, v), reverse=True)


def metrics_of(path: Path) -> dict[str, Any]:
    """What was measured of the version in a folder; {} where that cannot be told."""
    try:
        found: dict[str, Any] = json.loads((path / "metrics.json").read_bytes())
        datetime.fromisoformat(found["trained_at"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return found


def trained_at(path: Path) -> datetime | None:
    """When the version in a folder was trained, if that can be told."""
    metrics = metrics_of(path)
    return datetime.fromisoformat(metrics["trained_at"]).astimezone(UTC) if metrics else None


def resolve(root: Path, text: str) -> str:
    """The version that `text` names: all of it, or enough of its first digits.

    Raises ArtifactError when there is none, or more than one.
    """
    known = versions(root)
    if text in known:
        return text
    found = [version for version in known if version.startswith(text)]
    if not found or not text:
        raise ArtifactError(f"{root} has no version {text[:40]!r}; `manage versions` lists them.")
    if len(found) > 1 or len(text) < FEWEST_DIGITS:
        least = f"at least {FEWEST_DIGITS} digits" if len(found) == 1 else "more of its digits"
        raise ArtifactError(f"{text!r} may be {' or '.join(found[:5])}; write {least}.")
    return found[0]


def history(root: Path) -> History:
    """The versions that were made current, newest first, each with the moment, where known."""
    entries: History = []
    with suppress(FileNotFoundError):
        for line in (root / "current").read_text("utf-8", "replace").splitlines():
            version, _, moment = line.strip().partition(" ")
            if not VERSION.fullmatch(version):
                break  # a file that somebody wrote into; what is below is not known either
            entries.append((version, _moment(moment)))
    return entries


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return None


def current_version(root: Path) -> str | None:
    """The version that is served, whether or not it can be."""
    return next((version for version, _ in history(root)), None)


def previous_version(root: Path) -> str | None:
    """The version that was current before this one and is still there."""
    known, current = history(root), current_version(root)
    return next((v for v, _ in known if v != current and (root / v).is_dir()), None)


def stamp(root: Path) -> tuple[int, ...]:
    """What tells whether a version was made current since; () if there is none."""
    try:
        found = os.stat(f"{root}/current")  # asked at each request: a Path would cost more
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_ino, found.st_size


@contextmanager
def promoting(root: Path) -> Iterator[None]:
    """Keep other processes from changing what is current or in its shadow."""
    try:
        with locked(root / ".lock"):
            yield
    except OSError as error:
        raise ArtifactError(f"Cannot write to {root}: {error.strerror}.") from error


def set_current(root: Path, version: str) -> None:
    """Make a version current. Raises ArtifactError when it does not verify."""
    load(root, version)
    with promoting(root):
        write_current(root, version)


def write_current(root: Path, version: str) -> None:
    """Make a verified version current, within `promoting`; one that is current is loaded anew."""
    entries = history(root)
    if not entries or entries[0][0] != version:
        entries.insert(0, (version, datetime.now(UTC)))
    lines = [f"{v} {moment.isoformat()}\n" if moment else f"{v}\n" for v, moment in entries]
    _replace(root / "current", "".join(lines[:LONGEST_HISTORY]))


def shadow(root: Path) -> Shadow | None:
    """What answers beside the current version, if a version does."""
    with suppress(FileNotFoundError):
        version, _, text = (root / "shadow").read_text("utf-8", "replace").strip().partition(" ")
        since = _moment(text)
        return Shadow(version, since) if since and VERSION.fullmatch(version) else None
    return None


def shadow_version(root: Path) -> str | None:
    """The version that answers beside the current one, unseen, if one does."""
    found = shadow(root)
    return found.version if found else None


def set_shadow(root: Path, version: str | None) -> None:
    """Let a version answer beside the current one, or none.

    Raises ArtifactError when it does not verify, or is the current one.
    """
    if version:
        load(root, version)
    with promoting(root):
        write_shadow(root, version)


def write_shadow(root: Path, version: str | None) -> None:
    """The same of a verified version, within `promoting`; one that is the shadow goes on."""
    if not version:
        (root / "shadow").unlink(missing_ok=True)
        return
    if version == current_version(root):
        raise ArtifactError(f"Version {version} is the current one; choose another as its shadow.")
    if version != shadow_version(root):
        _replace(root / "shadow", f"{version} {datetime.now(UTC).isoformat()}\n")


def signature_of(root: Path, version: str) -> Signature | None:
    """What a version takes and gives, also if its model is damaged; None when it cannot be told."""
    if not VERSION.fullmatch(version):
        return None
    try:
        return Signature.model_validate_json((root / version / "signature.json").read_bytes())
    except (OSError, ValueError):
        return None


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all, whatever ends the process or the machine."""
    staging = path.with_name(f".{path.name}.new")  # of the one process that holds the lock
    with staging.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(staging, path)

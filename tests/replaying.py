"""An update in memory: owners' edits, and what the template gives for other answers, merged.

Copier applies the owner's changes to the new files and, where that fails, merges three ways, as
`git merge-file` does; test_update holds that the real update agrees. `python -m tests.replaying`
counts the conflicts of each edit by itself.
"""

import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from .rendering import Files, render, whole, write
from .small_edits import ALONE, EDITS, Edit
from .variants import CONFIG, Answers, choices

CORNERS: dict[str, Answers] = {
    "default": {},
    "bare": {"forms": False, "database": "mysql", "model": "own"},
    "everything": {
        "auth": True,
        "admin": True,
        "database": "postgresql",
        "model": "classification",
    },
    "documents": {"auth": True, "admin": True, "database": "mongodb"},
}
QUESTIONS = ("model", "database", "auth", "admin", "forms", "framework")


@dataclass
class Merged:
    """The files after an update; those in conflict, and those that went with edits in them."""

    files: Files = field(default_factory=dict)
    conflicts: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)


def corners() -> Iterator[tuple[str, Answers]]:
    """The corner variants of both frameworks."""
    for framework in choices("framework", {}):
        for name, answers in CORNERS.items():
            yield f"{framework.value}, {name}", answers | {"framework": framework.value}


def flips(answers: Answers) -> Iterator[tuple[str, Answers]]:
    """Every other answer to every question, by itself."""
    given = whole(answers)
    for question in QUESTIONS:
        for choice in choices(question, {}):
            if choice.value != given[question]:
                yield question, answers | {question: choice.value}


def is_owned(name: str) -> bool:
    """Whether an update leaves a file alone that is there, as long as the template has it."""
    return any(fnmatch(name, pattern) for pattern in CONFIG["_skip_if_exists"])


def merge_file(mine: bytes, old: bytes, new: bytes) -> tuple[bytes, bool]:
    """One text, and whether it has conflicts."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in ("mine", "old", "new")]
        for path, text in zip(paths, (mine, old, new), strict=True):
            path.write_bytes(text)
        command = ["git", "merge-file", "-p", *map(str, paths)]
        done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode >= 0, done.stderr
    return done.stdout, done.returncode > 0


def merge(old: Files, mine: Files, new: Files) -> Merged:
    """What becomes of an owner's files, which began as `old`, where the template gives `new`."""
    found = Merged()
    for name in sorted(old.keys() | mine.keys() | new.keys()):
        before, own, after = old.get(name), mine.get(name), new.get(name)
        if own is None:
            if after is not None and (before is None or is_owned(name)):
                found.files[name] = after
        elif after is None:
            if before is None:
                found.files[name] = own
            elif own != before:
                found.gone.append(name)
        elif is_owned(name) or before == after:
            found.files[name] = own
        elif own in (before, after):
            found.files[name] = after
        else:
            found.files[name], in_conflict = merge_file(own, before or b"", after)
            if in_conflict:
                found.conflicts.append(name)
    return found


def read(folder: Path) -> Files:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def edited(files: Files, edits: Iterable[Edit]) -> Files:
    """The files after some edits."""
    with tempfile.TemporaryDirectory() as folder:
        project = write(files, Path(folder))
        for edit in edits:
            edit(project)
        return read(project)


if __name__ == "__main__":
    replays, met = 0, Counter[tuple[str, str, str]]()
    for _, answers in corners():
        old = render(answers)
        each = {name: edited(old, [edit]) for name, edit in (EDITS | ALONE).items()}
        for question, after in flips(answers):
            new = render(after)
            for name, mine in each.items():
                replays += mine != old
                met.update((name, file, question) for file in merge(old, mine, new).conflicts)
    for (name, file, question), times in met.most_common():
        print(f"{times:4} {name} | {file} | {question}")
    print(f"{met.total()} conflicts in {replays} replays")

"""Conflicts that need no decision: an owner added lines where the template changed its own.

The template's lines are taken, and the owner's beside them. What the file says is compared where a
program reads it: it has to be what the template says and what the owner added, and nothing else.
"""

import re
import subprocess
import tempfile
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import yaml

CONFLICT = re.compile(r"(?ms)^<{7} .*?\n(.*?)^\|{7} .*?\n(.*?)^={7}\n(.*?)^>{7} .*?\n")
PARSERS: dict[str, Callable[[str], Any]] = {
    ".toml": tomllib.loads,
    ".yaml": yaml.safe_load,
    ".yml": yaml.safe_load,
}


class Undecided(Exception):
    """Somebody has to look at it."""


def settled(name: str, mine: str, base: str, new: str) -> str | None:
    """One text of three, or None where somebody has to decide."""
    parse = PARSERS.get(Path(name).suffix)
    merged = merge(mine, base, new, "--diff3")
    for first in (False, True) if parse else (False,):
        try:
            text = CONFLICT.sub(
                lambda found, first=first: _beside(
                    *found.groups(), is_checked=parse is not None, first=first
                ),
                merged,
            )
            if name.endswith(".py"):
                compile(text, name, "exec")
            if not parse or _adds_up(*map(parse, (mine, base, new, text))):
                return text
        except (Undecided, SyntaxError, ValueError, yaml.YAMLError):
            continue
    return None


def merge(mine: str, base: str, new: str, *options: str) -> str:
    """As git merges them, and Copier names them."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, str(number)) for number in range(3)]
        for path, text in zip(paths, (mine, base, new), strict=True):
            path.write_bytes(text.encode())
        names = ("before updating", "last update", "after updating")
        labels = [option for name in names for option in ("-L", name)]
        command = ["git", "merge-file", "-p", *options, *labels, *map(str, paths)]
        return subprocess.run(command, capture_output=True, check=False).stdout.decode()


def _beside(mine: str, base: str, new: str, *, is_checked: bool, first: bool) -> str:
    """The template's lines, and among them what the owner had added to the old ones.

    Before or behind all of them, as what was there was, or else as `first` says; where it can be
    checked, also behind the line that it followed.
    """
    ours, theirs, now = (text.splitlines(keepends=True) for text in (mine, base, new))
    behind: dict[int, list[str]] = {}
    for kind, place, _, start, end in SequenceMatcher(None, theirs, ours, False).get_opcodes():
        if kind not in ("equal", "insert"):
            raise Undecided
        if kind == "insert":
            behind[place] = ours[start:end]
    if behind.keys() == {0} and (theirs or first):
        return "".join(behind[0]) + new
    if not is_checked and behind.keys() != {len(theirs)}:
        raise Undecided
    for place, lines in reversed(behind.items()):
        before = theirs[place - 1] if place else ""
        at = now.index(before) + 1 if is_checked and before in now else len(now)
        now[at:at] = lines
    return "".join(now)


def _adds_up(mine: Any, base: Any, new: Any, text: Any) -> bool:
    ours, before, theirs, made = (Counter(_sayings(tree)) for tree in (mine, base, new, text))
    return made == (theirs - (before - ours)) | (ours - before)


def _sayings(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each value with the keys that lead to it; the order of a list does not count."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _sayings(value, (*path, str(key)))
    elif isinstance(tree, list) and any(isinstance(value, dict) for value in tree):
        for value in tree:
            yield path, repr(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _sayings(value, (*path, ""))
    else:
        yield path, repr(tree)

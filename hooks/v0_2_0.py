"""Keeps what owners edited in files that version 0.2.0 moves into the library.

Copier removes files that a release no longer has. Here most files of a project go: what nobody
edits is a library now. What somebody did edit is brought back from the last commit, to the place
where the project reads it from now on, or to its old place with a word on what to do.

Copier runs it after such an update; `--dry-run` only tells what it would do. Run twice, it does
nothing more.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import copier
import yaml
from settling import merge, settled

ANSWERS = ".copier-answers.yml"
# Where pages were, below the package, and where they take the place of the library's.
PAGES = {
    "templates": "templates/modeldesk",
    "pages/templates": "templates/modeldesk",
    "accounts/templates/accounts": "templates/modeldesk/accounts",
    "staff/templates/staff": "templates/modeldesk/staff",
}
STYLE, SITE_STYLE = "static/style.css", "static/site.css"
REFERENCE = re.compile(r"{% (extends|include) \"([^\"]+)\" %}")

ANNOUNCED = """\
A script of this release runs after the update. It writes in this folder alone:
  - files that go, and that you had edited, come back to where the project reads them from now on;
  - lines that you had only added stand beside the template's, where they would be in conflict.
It says what it did; `git diff HEAD` shows it, and nothing is committed."""


def git(*command: str) -> bytes:
    return subprocess.run(["git", *command], capture_output=True, check=True).stdout


def committed(path: str) -> bytes:
    return git("show", f"HEAD:./{path}")


def removed() -> list[str]:
    """The files of the last commit that are not there any more."""
    found = git("diff", "--name-only", "--relative", "--diff-filter=D", "-z", "HEAD", "--", ".")
    return [path for path in found.decode().split("\0") if path]


def as_rendered(answers: dict[str, Any], folder: Path) -> Path:
    """The project as the release before made it, without any edit."""
    given = {name: value for name, value in answers.items() if not name.startswith("_")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        copier.run_copy(
            answers["_src_path"],
            folder,
            data=given,
            vcs_ref=answers["_commit"],
            defaults=True,
            quiet=True,
        )
    return folder


def edited(before: Path) -> Iterator[str]:
    """Files that are gone, and that their owner had edited since they were as `before`."""
    for path in removed():
        if (before / path).is_file() and (before / path).read_bytes() != committed(path):
            yield path


def is_updated(answers: dict[str, Any]) -> bool:
    """Whether the project is of another release than in its last commit."""
    now = yaml.safe_load(Path(ANSWERS).read_text("utf-8"))
    return bool(now.get("_commit") != answers.get("_commit"))


def in_conflict() -> Iterator[tuple[str, str]]:
    """Files that Copier left in conflict, where that needs no decision, and what they become."""
    found = git("diff", "--name-only", "--relative", "--diff-filter=U", "-z").decode()
    for path in sorted(set(filter(None, found.split("\0")))):
        mine, base, new = (stage(number, path) for number in (2, 1, 3))
        if Path(path).read_bytes() != merge(mine, base, new).encode():
            continue  # somebody is at it
        if (text := settled(path, mine, base, new)) is not None:
            yield path, text


def stage(number: int, path: str) -> str:
    """A file as git keeps it while it is in conflict; "" where it was not there."""
    try:
        return git("show", f":{number}:./{path}").decode("utf-8")
    except subprocess.CalledProcessError:
        return ""


def settle(path: str, text: str) -> None:
    """Write what a file becomes, and mark it as in conflict no more."""
    Path(path).write_bytes(text.encode())
    git("reset", "--quiet", "--", path)


def place_of(path: str) -> tuple[str, str]:
    """Where an edited file belongs now, and a word on it."""
    parts = PurePosixPath(path).parts
    if parts[0] != "src" or len(parts) < 3:
        return path, "it is as you left it; nothing of the template's asks for it any more"
    package, below = "/".join(parts[:2]), "/".join(parts[2:])
    folder, _, name = below.rpartition("/")
    if folder in PAGES and name.endswith(".html"):
        return f"{package}/{PAGES[folder]}/{name}", "it takes the place of the library's page"
    if below == STYLE:
        return f"{package}/{SITE_STYLE}", "it is read after the library's style"
    return path, (
        f"the library has its own modeldesk/{below} now, and does not read yours: "
        "see «Make it yours» in README.md for the place of such a change, and remove it then"
    )


def as_page(text: str) -> str:
    """A page, by the names that pages have now."""

    def renamed(match: re.Match[str]) -> str:
        name = "site.html" if match[2] == "base.html" else f"modeldesk/{match[2]}"
        return f'{{% {match[1]} "{name}" %}}'

    return REFERENCE.sub(renamed, text)


def content_of(path: str, place: str) -> bytes:
    content = committed(path)
    if place.endswith(".html") and place != path:
        return as_page(content.decode("utf-8")).encode()
    if place.endswith(SITE_STYLE) and Path(place).is_file():
        there = Path(place).read_bytes()
        return there if content in there else there + b"\n" + content
    return content


def main() -> None:
    """Bring edits back, and say where they are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dry-run", action="store_true", help="only tell")
    parser.add_argument("--announce", action="store_true", help="tell what it is for")
    options = parser.parse_args()
    if options.announce:
        print(ANNOUNCED)
        return
    dry_run = options.dry_run
    answers = yaml.safe_load(committed(ANSWERS))
    if not is_updated(answers):
        return
    with tempfile.TemporaryDirectory() as folder:
        before = as_rendered(answers, Path(folder) / "before")
        found = list(edited(before))
    for path in found:
        place, word = place_of(path)
        if Path(place).is_file() and not place.endswith(SITE_STYLE):
            continue  # from an earlier run
        print(f"  {path}{f' -> {place}' if place != path else ''}: {word}.")
        content = content_of(path, place)
        if not dry_run:
            Path(place).parent.mkdir(parents=True, exist_ok=True)
            Path(place).write_bytes(content)
    for path, text in in_conflict():
        print(f"  {path}: the lines that you had added stand beside the template's.")
        if not dry_run:
            settle(path, text)
    if found:
        print(f"{len(found)} files that you had edited are kept; look at each before you commit.")


if __name__ == "__main__":
    sys.exit(main())

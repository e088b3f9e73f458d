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
import tomllib
import warnings
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import copier
import yaml

ANSWERS = ".copier-answers.yml"
# Where pages were, below the package, and where they take the place of the library's.
PAGES = {
    "templates": "templates/modeldesk",
    "pages/templates": "templates/modeldesk",
    "accounts/templates/accounts": "templates/modeldesk/accounts",
    "staff/templates/staff": "templates/modeldesk/staff",
}
STYLE, SITE_STYLE = "static/style.css", "static/site.css"
ABOUT = "pyproject.toml"
CONFLICT = re.compile(r"(?ms)^<<<<<<<.*?\n(.*?)^=======\n(.*?)^>>>>>>>.*?\n")
REFERENCE = re.compile(r"{% (extends|include) \"([^\"]+)\" %}")


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


def settle(before: Path) -> bool:
    """Resolve conflicts in pyproject.toml where its owner had but added lines: they follow.

    False when nothing was to be done, or when that makes no TOML; then the conflict stays.
    """
    path, given = Path(ABOUT), set((before / ABOUT).read_text("utf-8").splitlines(keepends=True))

    def settled(found: re.Match[str]) -> str:
        mine: list[str] = []
        for line in found[1].splitlines(keepends=True):
            if line.strip() and line not in given:
                mine += [*(["\n"] if line.startswith("[") else []), line]
        return found[2] + "".join(mine)

    text = path.read_text("utf-8")
    after = CONFLICT.sub(settled, text)
    try:
        tomllib.loads(after)
    except tomllib.TOMLDecodeError:
        return False
    if after == text:
        return False
    path.write_text(after, "utf-8")
    git("reset", "--quiet", "--", ABOUT)  # it was marked as in conflict
    return True


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
    parser.add_argument("--dry-run", action="store_true")
    dry_run = parser.parse_args().dry_run
    answers = yaml.safe_load(committed(ANSWERS))
    if not is_updated(answers):
        return
    with tempfile.TemporaryDirectory() as folder:
        before = as_rendered(answers, Path(folder) / "before")
        found = list(edited(before))
        if not dry_run and settle(before):
            print(f"  {ABOUT}: the lines that you had added follow the template's.")
    for path in found:
        place, word = place_of(path)
        if Path(place).is_file() and not place.endswith(SITE_STYLE):
            continue  # from an earlier run
        print(f"  {path}{f' -> {place}' if place != path else ''}: {word}.")
        content = content_of(path, place)
        if not dry_run:
            Path(place).parent.mkdir(parents=True, exist_ok=True)
            Path(place).write_bytes(content)
    if found:
        print(f"{len(found)} files that you had edited are kept; look at each before you commit.")


if __name__ == "__main__":
    sys.exit(main())

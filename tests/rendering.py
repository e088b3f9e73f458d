"""Every project in memory, by the environment Copier renders with.

Copier takes a second for each copy; this takes hundredths, so that a test may look at all of them.
test_render holds that both give the same, byte for byte.
"""

import functools
import subprocess
from pathlib import Path
from typing import Any

import jinja2
import yaml

from .library import FOLDER, REQUIREMENT
from .variants import QUESTIONS, REPO, Answers, jinja

SUFFIX = ".jinja"
Files = dict[str, bytes]


def whole(answers: Answers) -> Answers:
    """These answers, the defaults of all others, and what follows from them."""
    found: Answers = {}
    given = {"library": REQUIREMENT, "library_folder": FOLDER.as_posix()} | answers
    for name, details in QUESTIONS.items():
        if name in given:
            found[name] = given[name]
            continue
        default = details["default"]
        if isinstance(default, str):
            default = compiled(default).render(found)
            default = default if details["type"] == "str" else yaml.safe_load(default)
        found[name] = default
    return found


@functools.cache
def compiled(source: str) -> jinja2.Template:
    return jinja().from_string(source)


@functools.cache
def template_files(root: str) -> list[tuple[list[str], Path]]:
    """The parts of each file's path below a folder of templates, and where it is."""
    depth = len(Path(root).parts)
    command = ["git", "ls-files", "-co", "--exclude-standard", "-z", root]
    listed = subprocess.run(command, cwd=REPO, capture_output=True, check=True).stdout.decode()
    paths = [Path(name) for name in sorted(set(filter(None, listed.split("\0"))))]
    return [
        ([*path.parts[depth:-1], path.name.removesuffix(SUFFIX)], path)
        for path in paths
        if (REPO / path).is_file() and "_copier_conf" not in path.name
    ]


def render(answers: Answers) -> Files:
    """The files of a project, but for the answers that Copier remembers."""
    given = whole(answers)
    return render_folder(f"template_{given['framework']}", given)


def render_folder(root: str, given: dict[str, Any]) -> Files:
    """The files that a folder of templates makes of these answers."""
    files: Files = {}
    for parts, path in template_files(root):
        names = [compiled(part).render(given) if "{" in part else part for part in parts]
        if not all(names):
            continue
        if path.suffix == SUFFIX:
            content = jinja().get_template(path.as_posix()).render(given).encode()
        else:
            content = raw(path)
        files["/".join(names)] = content
    return dict(sorted(files.items()))


@functools.cache
def raw(path: Path) -> bytes:
    return (REPO / path).read_bytes()


@functools.cache
def rendered(label: str) -> Files:
    """The files of a distinct project, by its name."""
    from .variants import projects

    return render(next(project.answers for project in projects() if project.name == label))


def texts(files: Files) -> dict[str, str]:
    """Those that are written by hand, decoded strictly: neither pictures nor minified libraries."""
    return {
        name: content.decode("utf-8")
        for name, content in files.items()
        if not name.endswith((".png", ".ico", ".min.js", ".min.css"))
    }


def write(files: Files, folder: Path) -> Path:
    """The files in a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder

"""How much of a project its owner has to read, and of a template its maintainers."""

from collections import Counter
from pathlib import PurePosixPath

import pytest

from .helpers import REPO, run
from .rendering import rendered
from .variants import Project, projects

# Lines, as `wc -l` counts them, of what is rendered by default, and with everything on.
LIMITS = {
    "flask": {
        "python": (200, 500),
        "tests": (150, 250),
        "pages": (100, 150),
        "files": (35, 50),
    },
    "django": {
        "python": (250, 550),
        "tests": (150, 250),
        "pages": (100, 150),
        "files": (40, 60),
    },
}
MOST_TEMPLATE_FILES = 150
SWITCHES = ("auth", "admin")


def counted(project: Project) -> Counter[str]:
    """The lines of each kind, and the files."""
    found: Counter[str] = Counter()
    for name, content in rendered(project.name).items():
        path, lines = PurePosixPath(name), content.count(b"\n")
        found["files"] += 1
        if path.suffix == ".py" and path.parts[0] == "tests":
            found["tests"] += lines
        elif path.suffix == ".py" and "migrations" not in path.parts:
            found["python"] += lines
        elif path.suffix in (".html", ".css", ".js"):
            found["pages"] += lines
    return found


@pytest.mark.parametrize("project", projects(), ids=lambda project: project.name)
def test_a_project_is_read_in_ten_minutes(project: Project) -> None:
    more = any(project.answers[switch] for switch in SWITCHES)
    limits = LIMITS[str(project.answers["framework"])]
    found = counted(project)
    too_much = {kind: n for kind, n in found.items() if n > limits[kind][more]}
    assert not too_much, found


def test_the_templates_are_few_files() -> None:
    listed = run(REPO, "git", "ls-files", "-co", "--exclude-standard", "-z")
    ours = {name for name in listed.split("\0") if name.startswith("template_")}
    assert len({name for name in ours if (REPO / name).is_file()}) <= MOST_TEMPLATE_FILES


if __name__ == "__main__":
    for one in projects():
        print(one.name, dict(counted(one)))

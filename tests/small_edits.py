"""The edits that owners make most, each by itself, on whatever project has the place for it.

`owners_edits` has what a project's README tells of, all at once, on a project that has everything.
"""

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from .helpers import need, run

Edit = Callable[[Path], None]
PACKAGES = ("aiohttp", "boto3>=1.40", "httpx", "polars", "zstandard>=0.23")  # over the alphabet


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def at_end(name: str, text: str) -> Edit:
    """Add to the end of a file, where the project has it."""

    def edit(project: Path) -> None:
        for path in project.glob(name):
            write(path, path.read_text("utf-8") + text)

    return edit


def change(name: str, before: str, after: str) -> Edit:
    """Replace the first match of a pattern, where there is one."""

    def edit(project: Path) -> None:
        for path in project.glob(name):
            write(path, re.sub(before, after, path.read_text("utf-8"), count=1, flags=re.M))

    return edit


def uv(*command: str) -> Edit:
    def edit(project: Path) -> None:
        run(project, need("uv"), command[0], "--quiet", "--frozen", *command[1:])

    return edit


def together(*edits: Edit) -> Edit:
    def edit(project: Path) -> None:
        for one in edits:
            one(project)

    return edit


def without(name: str) -> Edit:
    def edit(project: Path) -> None:
        for path in project.glob(name):
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    return edit


def reformat(project: Path) -> None:
    """What another line length and other quotes make of the code."""
    style = ("--config", "line-length=79")
    run(project, sys.executable, "-m", "ruff", "format", "--quiet", "--isolated", *style, "src")


def add_migrations(project: Path) -> None:
    """Where either framework looks for them."""
    for package in project.glob("src/*/"):
        for folder in ("migrations/versions", "migrations"):
            write(package / folder / "0009_ours.py", '"""Ours."""\n')


def add_table(project: Path) -> None:
    for package in project.glob("src/*/"):
        path = package / "models.py"
        before = path.read_text("utf-8") if path.exists() else '"""Ours."""\n'
        write(path, before + "\n\nclass Note:\n    pass\n")


ABOUT = "pyproject.toml"
WORKFLOW = ".github/workflows/ci.yml"
SERVICE = """
  worker:
    image: redis:8
    restart: unless-stopped
"""
OWN_PAGE = '''

@pages.get("/team")
def team() -> str:
    """Us."""
    return "Ada and Bob"
'''
EDITS: dict[str, Edit] = {
    **{f"uv add {n}": uv("add", *PACKAGES[:n]) for n in range(1, len(PACKAGES) + 1)},
    "uv add, one by one": together(*(uv("add", package) for package in reversed(PACKAGES))),
    "uv add --dev": uv("add", "--dev", "coverage", "hypothesis"),
    "uv add --group": uv("add", "--group", "docs", "mkdocs"),
    "uv add, an extra": uv("add", "--optional", "gpu", "torch"),
    "uv add, a source": together(
        uv("add", "tools"), at_end(ABOUT, '\n[tool.uv.sources]\ntools = { path = "tools" }\n')
    ),
    "a version": uv("version", "--bump", "minor"),
    "a description": change(ABOUT, r"^description = .*", 'description = "Prices wine."'),
    "authors": change(ABOUT, r"^authors = .*", 'authors = [{ name = "Ada" }, { name = "Bob" }]'),
    "keys of the project": change(
        ABOUT, r"^(authors = .*)", r'\1\nlicense = "MIT"\nkeywords = ["wine"]'
    ),
    "a script": change(ABOUT, r"^(\[project\.scripts\]\n(?:.+\n)*)", r'\1prices = "prices:main"\n'),
    "a tool at the end": at_end(ABOUT, '\n[tool.coverage.run]\nbranch = true\nsource = ["src"]\n'),
    "an untyped package": at_end(
        ABOUT, '\n[[tool.mypy.overrides]]\nmodule = ["boto3.*"]\nignore_missing_imports = true\n'
    ),
    "a longer line": change(ABOUT, r"^line-length = 100", "line-length = 120"),
    "a rule of ruff": change(ABOUT, r'^select = \["B"', 'select = ["ANN", "B"'),
    "a first sentence": change("README.md", r"^(An? .* service for a trained)", r"Ours. \1"),
    "a section at the end": at_end("README.md", "\n## Our team\n\nAda and Bob.\n"),
    "a section before": change("README.md", r"^## Start", "## Why\n\nPrices.\n\n## Start"),
    "a variable": at_end(".env.example", "\n# Ours.\n# PRICES_URL=https://prices.example.com\n"),
    "a container": change("compose.yaml", r"^volumes:", SERVICE.removeprefix("\n") + "\nvolumes:"),
    "a variable of the app": change(
        "compose.yaml",
        r"^(  app:\n(?:.*\n)*?    environment:\n(?:      .*\n)*)",
        r"\1      PRICES: $PRICES\n",
    ),
    "a port": change("compose.yaml", r"127\.0\.0\.1:8000:8000", "127.0.0.1:9000:8000"),
    "a step": at_end(WORKFLOW, "      - run: uv run coverage report\n"),
    "a job": at_end(WORKFLOW, "\n  docs:\n    runs-on: ubuntu-latest\n    steps: []\n"),
    "a branch": change(WORKFLOW, r"branches: \[main\]", "branches: [main, develop]"),
    "an own workflow": lambda project: write(project / ".github/workflows/own.yml", "name: Own\n"),
    "ignored files": together(
        at_end(".gitignore", "/notes/\n"), at_end(".dockerignore", "!prices.csv\n")
    ),
    "a package of the image": change(
        "Dockerfile", r"^USER app", "RUN apt-get update && apt-get install --yes curl\n\nUSER app"
    ),
    "a hook": at_end(".pre-commit-config.yaml", "      - id: ours\n"),
    "training": at_end("src/*/ml/train.py", "# Ours.\n"),
    "rules": at_end("src/*/predicting.py", "# Ours.\n"),
    "a setting": at_end("src/*/config.py", '\n    greeting: str = "Hello"\n'),
    "a role": change(
        "src/*/accounts/roles.py", r"^(ROLES = \{\n(?:    .*\n)*)", r'\1    "guest": frozenset(),\n'
    ),
    "a permission": change(
        "src/*/accounts/roles.py",
        r'^( *"predictions.view_prediction",.*)',
        r'\1\n"project.view_note",',
    ),
    "a column of accounts": change(
        "src/*/accounts/models.py",
        r'^(    """(?:An account|Who may log in)\.""")',
        r"\1\n\n    n = 1",
    ),
    "a migration": add_migrations,
    "a table": add_table,
    "a field of the form": together(
        change("src/*/pages.py", r'^(    """\n)', r'\1\n    order = ("glucose",)\n'),
        at_end("src/*/forms.py", '\n    field_order = ("glucose",)\n'),
    ),
    "a page": together(
        at_end("src/*/pages.py", OWN_PAGE),
        change("src/*/urls.py", r"^urlpatterns = \[", 'urlpatterns = [\n    path("team", team),'),
    ),
    "a page at the end": change("src/*/urls.py", r"^\](?=\nhandler)", '    path("team", team),\n]'),
    "a blueprint": change(
        "src/*/__init__.py", r"^(    return app)", r"    from .own import own\n\n    own(app)\n\1"
    ),
    "an app of Django": change(
        "src/*/settings.py", r"^(INSTALLED_APPS = \[\n(?:    #.*\n)*)", r'\1    "taggit",\n'
    ),
    "an app at the end": change(
        "src/*/settings.py", r'^(    "django.contrib.staticfiles",)', r'\1\n    "taggit",'
    ),
    "a middleware": change(
        "src/*/settings.py", r"^(MIDDLEWARE = \[\n(?:    .*\n)*)", r'\1    "own.Middleware",\n'
    ),
    "a setting of Django": at_end("src/*/settings.py", '\nTAGGIT = "yes"\n'),
    "a name": together(
        change("src/*/__init__.py", r'ModelDesk\(".*?"', 'ModelDesk("Wine Desk"'),
        change("src/*/settings.py", r"^SERVICE_NAME = .*", 'SERVICE_NAME = "Wine Desk"'),
    ),
    "a command": at_end("src/*/cli.py", "\n\n@main.command()\ndef hello() -> None:\n    pass\n"),
    "a view of the admin": at_end("src/*/admin.py", "\n\nclass Notes:\n    pass\n"),
    "colours": at_end("src/*/static/site.css", "\n:root { --accent: teal; }\n"),
    "a link": change("src/*/templates/site.html", r"\{# (<a .*?) #\}", r"\1"),
    "a test": at_end("tests/test_*.py", "\n\ndef test_ours() -> None:\n    assert True\n"),
    "a deleted file": together(without("notebooks"), without("Dockerfile")),
}
TOGETHER = [edit for name, edit in EDITS.items() if not re.fullmatch("uv add [1-4]", name)]
# They are where the lines of the template are, so some answers meet them: an import amid imports
# of the template, and lines wrapped that another answer takes away.
ALONE: dict[str, Edit] = {
    "an import": change("src/*/__init__.py", r"^(\ndesk =)", r"from .own import own\n\1"),
    "reformatted code": reformat,
    "deleted tests": without("tests"),
}

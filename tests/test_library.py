"""The library as it is installed: what is in it, what it asks for, and what it leaves alone."""

import email
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from .helpers import REPO, need, run
from .library import ABOUT, WHEEL

pytestmark = pytest.mark.xdist_group("library")
# What serves a model: each of these is imported where only the library is installed.
IMPORT_ALL = """
import importlib, pkgutil
import modeldesk

LATER = {  # of extras
    "modeldesk.ml.importing.unpickler",
    "modeldesk.ml.converting.onnx_converters",
    "modeldesk.serving.mongo_summaries",
}
for part in ("ml", "serving", "accounts", "pages", "staff"):
    package = importlib.import_module(f"modeldesk.{part}")
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if module.name not in LATER:
            importlib.import_module(module.name)
print(modeldesk.__file__)
"""
# What an import brings along.
IMPORT_ONE = """
import importlib, sys

importlib.import_module(sys.argv[1])
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""
FOREIGN = {
    *("django", "flask", "flask_sqlalchemy", "jinja2", "mongoengine", "pymongo", "sqlalchemy"),
    *("joblib", "onnx", "pandas", "pyarrow", "scipy", "skl2onnx", "sklearn", "skops"),
}


@pytest.fixture(scope="module")
def wheel() -> Path:
    need("uv")
    return WHEEL


def names(archive: Path) -> set[str]:
    with zipfile.ZipFile(archive) as opened:
        return set(opened.namelist())


def sources() -> set[str]:
    """Every file of the library, below `src`."""
    listed = run(REPO, "git", "ls-files", "-co", "--exclude-standard", "-z", "src")
    found = [name for name in listed.split("\0") if name and (REPO / name).is_file()]
    return {name.removeprefix("src/") for name in found}


def test_it_holds_all_of_the_library_and_nothing_else(wheel: Path) -> None:
    held = {name for name in names(wheel) if ".dist-info/" not in name}
    assert held == sources()
    assert {name.partition("/")[0] for name in held} == {"modeldesk"}
    assert held >= {
        "modeldesk/py.typed",
        "modeldesk/serving/openapi.json",
        "modeldesk/static/modeldesk/style.css",
        "modeldesk/static/modeldesk/chart.LICENSE.txt",
        "modeldesk/templates/modeldesk/base.html",
        "modeldesk/templates/modeldesk/accounts/form.html",
        "modeldesk/templates/modeldesk/staff/versions.html",
    }
    about = {Path(name).name for name in names(wheel) - held} - {"entry_points.txt"}
    assert about == {"METADATA", "WHEEL", "RECORD", "LICENSE"}


def test_an_archive_of_its_source_makes_the_same(wheel: Path, tmp_path: Path) -> None:
    """It is what an index keeps beside the wheel, and what pip builds where it takes no wheel."""
    run(REPO, need("uv"), "build", "--quiet", "--sdist", "--out-dir", str(tmp_path))
    (archive,) = tmp_path.glob("*.tar.gz")
    run(REPO, need("uv"), "build", "--quiet", "--wheel", "--out-dir", str(tmp_path), str(archive))
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


def test_what_it_asks_for_is_asked_of_the_usual_index(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        (path,) = (name for name in opened.namelist() if name.endswith("/METADATA"))
        about = email.message_from_bytes(opened.read(path))
    assert (about["Name"], about["Version"]) == ("modeldesk", ABOUT["version"])
    assert about["Requires-Python"] == ABOUT["requires-python"]
    for header, text in about.items():
        assert "://" not in text, header
        assert " @ " not in text, header
    asked = about.get_all("Requires-Dist", [])
    always = [requirement for requirement in asked if "extra ==" not in requirement]
    assert len(always) == len(ABOUT["dependencies"])
    assert set(about.get_all("Provides-Extra", [])) == set(ABOUT["optional-dependencies"])
    for requirement in always:
        assert not FOREIGN & {*re.findall(r"^[\w-]+", requirement.lower())}, requirement


def alone(wheel: Path, folder: Path, program: str, *arguments: str) -> str:
    """What a program prints where nothing is installed but the library and what it asks for."""
    only = ("--isolated", "--no-project", "--with", str(wheel))
    python = (need("uv"), "run", "--quiet", *only, "python", "-W", "error", "-c", program)
    return run(folder, *python, *arguments)


def test_what_serves_needs_nothing_else(wheel: Path, tmp_path: Path) -> None:
    found = Path(alone(wheel, tmp_path, IMPORT_ALL).strip())
    assert not found.is_relative_to(REPO / "src")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "module",
    [
        "modeldesk.ml",
        "modeldesk.ml.predictor",
        "modeldesk.serving.service",
        "modeldesk.serving.commands",
    ],
)
def test_an_import_brings_neither_frameworks_nor_what_trains(module: str) -> None:
    """In this environment, where most of them are."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ONE, module],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert "modeldesk" in done.stdout.split()
    assert not FOREIGN & set(done.stdout.split())

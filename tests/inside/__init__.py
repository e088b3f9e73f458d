"""Tests that run inside a project, in its environment and on its database.

They hold what the library does with a framework and a database together. `common/` is for both
frameworks; `package` in them stands for the project's own package.
"""

from ..rendering import Files, render_folder, whole
from ..variants import Answers

FOLDER = "inside"  # of a project, beside its `tests`


def inside(answers: Answers) -> Files:
    """These tests for the project of these answers."""
    given = whole(answers)
    files = {}
    for folder in ("common", str(given["framework"])):
        for name, content in render_folder(f"tests/inside/{folder}", given).items():
            package = f"from {given['package_name']}".encode()
            files[f"{FOLDER}/{name}"] = content.replace(b"from package", package)
    return files

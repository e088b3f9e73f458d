"""A project as its owner has it, put where Python finds what is installed.

It is how the library knows a project: by the entry point that names its training.
"""

import contextlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from modeldesk.ml.project import packages

PACKAGE = "my_service"
TRANSFORMERS = f"src/{PACKAGE}/ml/transformers.py"  # where the library tells owners to put code


@contextlib.contextmanager
def installed(folder: Path, package: str = PACKAGE, **modules: str) -> Iterator[None]:
    """A project in `folder`, whose `ml` has these modules, each of them a name and its source."""
    write(folder, package, modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        packages.cache_clear()
        yield
    packages.cache_clear()
    for name in [name for name in sys.modules if f"{name}.".startswith(f"{package}.")]:
        del sys.modules[name]


def write(folder: Path, package: str, modules: Mapping[str, str]) -> None:
    about = folder / f"{package}-0.1.0.dist-info"
    for path, text in {
        about / "METADATA": f"Metadata-Version: 2.4\nName: {package}\nVersion: 0.1.0\n",
        about / "entry_points.txt": f"[modeldesk]\ntrain = {package}.ml.train:main\n",
        folder / package / "__init__.py": "",
        folder / package / "ml" / "__init__.py": "",
        **{folder / package / "ml" / f"{name}.py": text for name, text in modules.items()},
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

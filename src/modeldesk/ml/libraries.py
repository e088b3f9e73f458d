"""Libraries that only some models need, and that the project does not depend on."""

from importlib import import_module
from typing import Any

from .artifact import ArtifactError


def need(what: str, *libraries: str) -> list[Any]:
    """Import what `what` needs. Raises ArtifactError that names the missing and how to add them."""
    found, missing = [], []
    for library in libraries:
        try:
            found.append(import_module(library))
        except ImportError:
            missing.append(library)
    if missing:
        mend = f"`uv add {' '.join(missing)}`"
        raise ArtifactError(f"{what} needs {' and '.join(libraries)}: {mend}.")
    return found

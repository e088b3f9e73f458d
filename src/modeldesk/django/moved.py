"""Modules that migrations of a project import from where they were before this library was one.

Such migrations are their owners', and stay as they are.
"""

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from . import fields, operations
from .conf import project_package


def install() -> None:
    """Let `<project>.predictions.fields` and `.operations` be found, which are here now."""
    project = import_module(project_package())
    name = f"{project.__name__}.predictions"
    found = find_spec(name)
    if found and found.origin:  # a package of the owner's own
        return
    folder = ModuleType(name, "What has moved to modeldesk.django.")
    folder.__path__ = list(found.submodule_search_locations or []) if found else []
    vars(folder).update(fields=fields, operations=operations)
    vars(project)["predictions"] = folder
    sys.modules |= {name: folder, f"{name}.fields": fields, f"{name}.operations": operations}

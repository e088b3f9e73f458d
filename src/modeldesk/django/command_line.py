"""The command line of a project: commands of the library and the project beside Django's own."""

import atexit
import gc
import sys

from django.core.management import execute_from_command_line

from ..serving.commands import told
from .conf import project_settings


def run() -> None:
    """Do what the arguments of this process say; what can be expected ends it with one sentence."""
    atexit.register(gc.freeze)  # a last look at all objects takes longer than most commands
    name = sys.argv[1] if len(sys.argv) > 1 else "help"
    if not name.startswith("-"):
        name = name.replace("-", "_")  # commands are typed with hyphens; modules cannot be
    try:
        execute_from_command_line([sys.argv[0], name, *sys.argv[2:]])
    except Exception as error:
        if said := told(error, lambda: project_settings().database_url):
            sys.exit(f"Error: {said}")
        raise

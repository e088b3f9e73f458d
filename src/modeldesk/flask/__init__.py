"""An extension of Flask that serves a trained model, beside the extensions of the project."""

import sys

from .desk import ModelDesk
from .state import get_database, get_service, get_settings

__all__ = ["ModelDesk", "get_database", "get_service", "get_settings"]

# Flask-Migrate brings Mako, which would import all of Pygments, where pytest has brought that, to
# colour errors of its templates: an eighth of the start of each command and each worker.
sys.modules.setdefault("mako.ext.pygmentplugin", None)  # type: ignore[arg-type]

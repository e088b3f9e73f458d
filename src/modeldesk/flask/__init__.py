"""An extension of Flask that serves a trained model, beside the extensions of the project."""

from .desk import ModelDesk
from .state import get_database, get_service, get_settings

__all__ = ["ModelDesk", "get_database", "get_service", "get_settings"]

"""Views of Flask-Admin for staff: who may enter, and the pages that are no tables.

The tables are in `sql` and `mongodb`, as Flask-Admin has views of its own for each.
"""

from ...staff.records import Column
from .access import Secured
from .filters import Choice
from .pages import HomeView, ModelsView, MonitorView, OutcomesView
from .theme import DeskTheme

__all__ = [
    "Choice",
    "Column",
    "DeskTheme",
    "HomeView",
    "ModelsView",
    "MonitorView",
    "OutcomesView",
    "Secured",
]

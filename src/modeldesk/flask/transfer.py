"""All that is kept, as export and import read and add it."""

from ..serving.transfer import Stores
from .state import current_state


def open_stores() -> Stores:
    """What the current application keeps, by kind, in the order of an exported file."""
    state = current_state()
    stores = state.accounts.stores() if state.accounts else {}
    stores["summary"] = state.database.summaries()
    stores["prediction"] = state.database.log()
    return stores

"""Records, where tests look for them."""

from modeldesk.testing.records import (
    MOMENT,
    UNKNOWN,
    bits,
    check,
    exported,
    imported,
    of_figures,
    record,
)

__all__ = ["MOMENT", "UNKNOWN", "bits", "check", "exported", "imported", "of_figures", "record"]

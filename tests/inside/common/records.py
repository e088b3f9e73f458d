"""Records, where tests look for them."""

from modeldesk.testing.records import MOMENT, UNKNOWN, bits, check, exported, imported, record

__all__ = ["MOMENT", "UNKNOWN", "bits", "check", "exported", "imported", "record"]

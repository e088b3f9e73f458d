"""The connection of ENGINE "modeldesk.django.mysql".

Django leaves `icontains` and its kin to the collation, and ours tells "a" from "A", as that of
every other database does: so both sides are lowered, as SQLAlchemy does it for Flask.
"""

from typing import Any, ClassVar

from django.db.backends.mysql import base, operations

IGNORING_CASE = ("iexact", "icontains", "istartswith", "iendswith")


class DatabaseOperations(operations.DatabaseOperations):
    def lookup_cast(self, lookup_type: str, internal_type: str | None = None) -> str:
        cast = super().lookup_cast(lookup_type, internal_type)
        return f"LOWER({cast})" if lookup_type in IGNORING_CASE else cast


class DatabaseWrapper(base.DatabaseWrapper):
    operators: ClassVar[Any] = base.DatabaseWrapper.operators | dict.fromkeys(
        IGNORING_CASE, "LIKE LOWER(%s)"
    )
    pattern_ops: ClassVar[Any] = base.DatabaseWrapper.pattern_ops | {
        name: base.DatabaseWrapper.pattern_ops[name].replace("{}", "LOWER({})")
        for name in IGNORING_CASE
        if name in base.DatabaseWrapper.pattern_ops
    }
    ops_class = DatabaseOperations

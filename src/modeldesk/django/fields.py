"""Columns that give back exactly what they got, and tell apart what differs in anything.

They are as the database of the project needs them, and Django's own where that will do. Migrations
name them, and so fit any database that the project moves to.
"""

import re
from datetime import datetime
from typing import Any

from django.db import connection as default_connection
from django.db.models import CharField, DateTimeField, JSONField, lookups

from ..serving.log import iso

OUTCOME_KNOWN = "outcome_known"  # which MySQL computes of `feedback_at`
# Of which the databases tell cases and accents apart, by the vendor of the connection.
BYTEWISE = {"mysql": "utf8mb4_bin", "microsoft": "Latin1_General_100_BIN2"}


class ExactCharField(CharField):
    """Text; in MongoDB the `_id` of a document where it is the primary key."""

    def get_attname_column(self) -> tuple[str, Any]:
        name, column = super().get_attname_column()
        is_id = self.primary_key and default_connection.vendor == "mongodb"
        return name, "_id" if is_id else column

    def db_type(self, connection: Any) -> Any:
        if connection.vendor == "postgresql":
            # The name of a type that gets no second index for LIKE, which nothing needs.
            return f"character varying({self.max_length})"
        return super().db_type(connection)

    def db_parameters(self, connection: Any) -> Any:
        found = super().db_parameters(connection)
        if collation := BYTEWISE.get(connection.vendor):
            found = found | {"collation": collation}
        return found


@ExactCharField.register_lookup
class Exact(lookups.Exact):
    """Equal also in the spaces at the end, which some databases leave out where LIKE does not."""

    def as_mysql(self, compiler: Any, connection: Any) -> Any:
        equal, values = super().as_sql(compiler, connection)
        if not self.rhs_is_direct_value():
            return equal, values
        column, column_values = self.process_lhs(compiler, connection)
        pattern = re.sub(r"[!%_[]", r"!\g<0>", self.rhs)
        return f"({equal} AND {column} LIKE %s ESCAPE '!')", [*values, *column_values, pattern]

    as_microsoft = as_mysql


class ExactDateTimeField(DateTimeField):
    """A moment; in MongoDB as text that sorts, as its own dates end at milliseconds."""

    def get_internal_type(self) -> str:
        if default_connection.vendor == "mongodb":
            return "CharField"
        return super().get_internal_type()

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if connection.vendor == "mongodb":
            return value and iso(value)
        return super().get_db_prep_value(value, connection, prepared)

    def get_db_converters(self, connection: Any) -> list[Any]:
        if connection.vendor == "mongodb":
            return [_read]
        return super().get_db_converters(connection)


@ExactDateTimeField.register_lookup
class IsNull(lookups.IsNull):
    """Whether a moment is there, as an index has it: MySQL by a column that is computed for that,
    of outcomes; MongoDB where there is a text, or none.
    """

    def as_mysql(self, compiler: Any, connection: Any) -> Any:
        field = self.lhs.output_field
        if field.column != "feedback_at":
            return self.as_sql(compiler, connection)
        column, values = self.process_lhs(compiler, connection)
        known = column.replace(connection.ops.quote_name(field.column), OUTCOME_KNOWN)
        return f"{known} = {0 if self.rhs else 1}", values

    def as_mql_path(self, compiler: Any, connection: Any) -> dict[str, Any]:
        from django_mongodb_backend.query_utils import process_lhs

        from ..stores.mongodb import SOME

        return {process_lhs(self, compiler, connection): None if self.rhs else SOME}


def _read(value: Any, expression: Any, connection: Any) -> datetime | None:
    return value and datetime.fromisoformat(value)


class ExactJSONField(JSONField):
    """JSON; in PostgreSQL not Django's `jsonb`, which makes 0.0 of -0.0, and 1e23 whole."""

    def db_type(self, connection: Any) -> Any:
        return "json" if connection.vendor == "postgresql" else super().db_type(connection)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if connection.vendor == "postgresql":
            from psycopg.types.json import Json

            return Json(value)
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        if connection.vendor == "postgresql":
            return value  # the driver has read it
        return super().from_db_value(value, expression, connection)

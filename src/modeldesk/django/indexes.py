"""Indexes of some rows only, which cost the others nothing, as each database can have them.

Migrations name them, and so fit any database that the project moves to.
"""

from typing import Any

from django.db.backends.ddl_references import Statement, Table
from django.db.models import Index, Q

from .fields import OUTCOME_KNOWN

OUTCOME = "feedback_at"


class IndexOfSome(Index):
    """An index of the rows in which the column `given` has a value, or `lacking` has none.

    MySQL has it of all rows, and where that column is the moment of an outcome, after one that it
    computes of it.
    """

    def __init__(self, *, given: str = "", lacking: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.given, self.lacking = given, lacking

    def deconstruct(self) -> Any:
        path, expressions, options = super().deconstruct()
        told = {"given": self.given, "lacking": self.lacking}
        return path, expressions, options | {name: of for name, of in told.items() if of}

    @property
    def column(self) -> str:
        return self.given or self.lacking

    def is_needed(self, connection: Any) -> bool:
        """False in MySQL for what waits for an outcome: the index of those with one has both."""
        return bool(connection.vendor != "mysql" or self.lacking != OUTCOME)

    def create_sql(self, model: Any, schema_editor: Any, using: str = "", **options: Any) -> Any:
        if schema_editor.connection.vendor == "mysql":
            return self._of_mysql(model, schema_editor)
        rows = Q(**{f"{self.column}__isnull": bool(self.lacking)})
        whole = Index(fields=self.fields, name=self.name, condition=rows)
        return whole.create_sql(model, schema_editor, using, **options)

    def _of_mysql(self, model: Any, schema_editor: Any) -> Statement:
        quoted = schema_editor.quote_name
        columns = [quoted(model._meta.get_field(name).column) for name in self.fields]
        if self.given == OUTCOME:
            columns.insert(-1, quoted(OUTCOME_KNOWN))
        return Statement(
            schema_editor.sql_create_index,
            table=Table(model._meta.db_table, quoted),
            name=quoted(self.name),
            columns=", ".join(columns),
            extra="",
        )

    def get_pymongo_index_model(self, model: Any, schema_editor: Any, **_: Any) -> Any:
        """As the library makes it in MongoDB, whichever framework asks."""
        from ..stores.mongodb import index_models

        return next(one for one in index_models() if one.document["name"] == self.name)

"""What migrations do besides what Django offers."""

from typing import Any

from django.db.migrations import AddField, AddIndex, CreateModel
from django.db.migrations.operations.base import Operation
from django.db.models import Index

from .fields import OUTCOME_KNOWN
from .indexes import IndexOfSome


class CreateOrAdoptModel(CreateModel):
    """Make a table, or what it lacks where Flask made it or an interrupted run left it."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        connection = schema_editor.connection
        model = to_state.apps.get_model(app_label, self.name)
        if model._meta.db_table not in connection.introspection.table_names():
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        there = _indexes(connection, model)
        for index in model._meta.indexes:
            if index.name not in there:
                schema_editor.add_index(model, index)


class AddOrAdoptField(AddField):
    """Add a column, unless Flask made it or an interrupted run left it."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        connection = schema_editor.connection
        if connection.vendor == "mongodb":
            return  # documents that lack it are read as if it were None
        model = to_state.apps.get_model(app_label, self.model_name)
        if model._meta.get_field(self.name).column not in _columns(connection, model):
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class AddOrAdoptIndex(AddIndex):
    """Add an index, unless Flask made it, an interrupted run left it or the database needs none."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        connection = schema_editor.connection
        model = to_state.apps.get_model(app_label, self.model_name)
        needed = not isinstance(self.index, IndexOfSome) or self.index.is_needed(connection)
        if needed and self.index.name not in _indexes(connection, model):
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.index.name in _indexes(schema_editor.connection, model):
            super().database_backwards(app_label, schema_editor, from_state, to_state)


class ForgetIndexes(Operation):
    """Remove indexes that releases before made, where they are."""

    reversible = True

    def __init__(self, model_name: str, names: list[str]) -> None:
        self.model_name, self.names = model_name, names

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Nothing: no state has them."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        there = _indexes(schema_editor.connection, model)
        for name in self.names:
            if name in there:
                schema_editor.remove_index(model, Index(fields=["id"], name=name))

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Nothing: the newer ones serve releases before as well."""

    def describe(self) -> str:
        return f"Remove {', '.join(self.names)}"


class KnowOutcomes(Operation):
    """Let MySQL compute a column that an index of outcomes begins with; others need none."""

    reversible = True

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Nothing: no model has it, as nobody reads or writes it."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if self._is_there(app_label, schema_editor, to_state) is False:
            schema_editor.execute(
                "ALTER TABLE predictions ADD COLUMN outcome_known BOOLEAN "
                "GENERATED ALWAYS AS (feedback_at IS NOT NULL) VIRTUAL"
            )

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if self._is_there(app_label, schema_editor, to_state):
            schema_editor.execute("ALTER TABLE predictions DROP COLUMN outcome_known")

    def _is_there(self, app_label: str, schema_editor: Any, state: Any) -> bool | None:
        """Whether the table has the column; None where none is needed."""
        connection = schema_editor.connection
        if connection.vendor != "mysql":
            return None
        return OUTCOME_KNOWN in _columns(connection, state.apps.get_model(app_label, "Prediction"))

    def describe(self) -> str:
        return "Know by an index which outcomes are known"


def _columns(connection: Any, model: Any) -> set[str]:
    with connection.cursor() as cursor:
        there = connection.introspection.get_table_description(cursor, model._meta.db_table)
    return {column.name for column in there}


def _indexes(connection: Any, model: Any) -> Any:
    with connection.cursor() as cursor:
        return connection.introspection.get_constraints(cursor, model._meta.db_table)

"""What migrations do besides what Django offers."""

from typing import Any

from django.db.migrations import AddField, AddIndex, CreateModel


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
        with connection.cursor() as cursor:
            there = connection.introspection.get_table_description(cursor, model._meta.db_table)
        if model._meta.get_field(self.name).column not in {column.name for column in there}:
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class AddOrAdoptIndex(AddIndex):
    """Add an index, unless Flask made it or an interrupted run left it."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.index.name not in _indexes(schema_editor.connection, model):
            super().database_forwards(app_label, schema_editor, from_state, to_state)


def _indexes(connection: Any, model: Any) -> Any:
    with connection.cursor() as cursor:
        return connection.introspection.get_constraints(cursor, model._meta.db_table)

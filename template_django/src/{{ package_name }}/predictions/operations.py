"""What migrations do besides what Django offers."""

from typing import Any

from django.db.migrations import CreateModel


class CreateOrAdoptModel(CreateModel):
    """Make a table, or what it lacks where Flask made it or an interrupted run left it."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        connection = schema_editor.connection
        model = to_state.apps.get_model(app_label, self.name)
        table = model._meta.db_table
        if table not in connection.introspection.table_names():
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        with connection.cursor() as cursor:
            there = connection.introspection.get_constraints(cursor, table)
        for index in model._meta.indexes:
            if index.name not in there:
                schema_editor.add_index(model, index)

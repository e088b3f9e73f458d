"""Runs the library's migrations on the connection, or as SQL for the URL, that `schema` gives."""

from alembic import context
from modeldesk.stores.schema import VERSION_TABLE
from sqlalchemy import Connection

database = context.config.attributes["database"]
if isinstance(database, Connection):
    context.configure(connection=database, version_table=VERSION_TABLE)
else:
    context.configure(url=database, version_table=VERSION_TABLE, literal_binds=True)
with context.begin_transaction():
    context.run_migrations()

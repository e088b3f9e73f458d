"""How Alembic reaches the database; one process at a time, and without the limits of requests."""

from alembic import context
from flask import current_app
from modeldesk.flask.migrations import migrating

migrate = current_app.extensions["migrate"]
options = {"target_metadata": migrate.db.metadata, **migrate.configure_args}

if context.is_offline_mode():
    context.configure(url=migrate.db.engine.url, literal_binds=True, **options)
    with context.begin_transaction():
        context.run_migrations()
else:
    with migrating(context.script) as connection:
        context.configure(connection=connection, **options)
        with context.begin_transaction():
            context.run_migrations()

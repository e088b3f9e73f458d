"""How Alembic reaches the database of the application."""

from alembic import context
from flask import current_app

db = current_app.extensions["migrate"].db

if context.is_offline_mode():
    context.configure(
        url=current_app.config["SQLALCHEMY_DATABASE_URI"],
        target_metadata=db.metadata,
        literal_binds=True,
    )
    with context.begin_transaction():
        context.run_migrations()
else:
    with db.engine.connect() as connection:
        # SQLite changes a table by copying it, which Alembic calls batch mode.
        context.configure(connection=connection, target_metadata=db.metadata, render_as_batch=True)
        with context.begin_transaction():
            context.run_migrations()

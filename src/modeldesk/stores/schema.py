"""Makes and changes the library's tables in SQL, apart from what a project does with its own.

What was done is kept in a table of its own. Tables that are there already, from an older project or
from Django, are taken over as they are.
"""

from pathlib import Path
from typing import TextIO

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection

FOLDER = Path(__file__).with_name("migrations")
VERSION_TABLE = "modeldesk_version"


def is_current(connection: Connection) -> bool:
    """Whether the tables are those of this release."""
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return context.get_current_heads() == tuple(ScriptDirectory(str(FOLDER)).get_heads())


def upgrade(connection: Connection) -> None:
    """Make the tables those of this release; nothing may be begun on the connection."""
    command.upgrade(_config(connection), "head")


def write_upgrade(url: URL, to: TextIO) -> None:
    """Write the SQL that makes them in an empty database."""
    command.upgrade(_config(url, to), "head", sql=True)


def _config(database: Connection | URL, to: TextIO | None = None) -> Config:
    config = Config(output_buffer=to)
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["database"] = database
    return config

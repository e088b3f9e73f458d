"""What callers send with a row to find its prediction by."""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import mssql, mysql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLE, COLUMN = "predictions", "reference"
TEXT = (
    sa.String(64)
    .with_variant(mysql.VARCHAR(64, collation="utf8mb4_bin"), "mysql")
    .with_variant(mssql.NVARCHAR(64, collation="Latin1_General_100_BIN2"), "mssql")
)


def found() -> set[str | None]:
    """The names of columns and indexes, some of which Django or an interrupted run has made."""
    if context.is_offline_mode():
        return set()
    inspector = sa.inspect(op.get_bind())
    return {one["name"] for one in [*inspector.get_columns(TABLE), *inspector.get_indexes(TABLE)]}


def upgrade() -> None:
    there = found()
    if COLUMN not in there:
        op.add_column(TABLE, sa.Column(COLUMN, TEXT, nullable=True))
    for name in there:
        if name and name.startswith(TABLE) and name.endswith("_like"):  # Django's, on PostgreSQL
            op.drop_index(name, TABLE)


def downgrade() -> None:
    op.drop_column(TABLE, COLUMN)

"""The prediction log, and totals of what is removed from it; indexes come later.

Takes over tables that are there, whole or in part: an older project, Django, or a run that was
interrupted has made them.
"""

from typing import Any

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import mssql, mysql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = (
    sa.DateTime()
    .with_variant(sa.DateTime(timezone=True), "postgresql")
    .with_variant(mysql.DATETIME(fsp=6), "mysql")
    .with_variant(mssql.DATETIME2(6), "mssql")
)
DOUBLE: sa.types.TypeEngine[float] = sa.Double().with_variant(mssql.FLOAT(53), "mssql")


def text(length: int) -> sa.String:
    return (
        sa.String(length)
        .with_variant(mysql.VARCHAR(length, collation="utf8mb4_bin"), "mysql")
        .with_variant(mssql.NVARCHAR(length, collation="Latin1_General_100_BIN2"), "mssql")
    )


TABLES: dict[str, list[sa.Column[Any]]] = {
    "predictions": [
        sa.Column("id", text(36), primary_key=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("request_id", text(64), nullable=False),
        sa.Column("model_version", text(64), nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.Column("output", sa.JSON(), nullable=False),
        sa.Column("label", text(255), nullable=True),
        sa.Column("duration_ms", DOUBLE, nullable=False),
        sa.Column("feedback", sa.JSON(), nullable=True),
        sa.Column("feedback_at", MOMENT, nullable=True),
        sa.Column("shadow", sa.JSON(), nullable=True),
    ],
    "summaries": [
        sa.Column("id", text(75), primary_key=True),
        sa.Column("day", text(10), nullable=False),
        sa.Column("model_version", text(64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("duration_ms", DOUBLE, nullable=False),
        sa.Column("longest_ms", DOUBLE, nullable=False),
        sa.Column("with_feedback", sa.Integer(), nullable=False),
        sa.Column("correct", sa.Integer(), nullable=False),
        sa.Column("errors", sa.JSON(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
    ],
}


def found() -> set[str]:
    """The names of what is there: of both tables, and of the columns and indexes of the log."""
    if context.is_offline_mode():
        return set()
    inspector = sa.inspect(op.get_bind())
    names = TABLES.keys() & set(inspector.get_table_names())
    if "predictions" in names:
        names |= {column["name"] for column in inspector.get_columns("predictions")}
        names |= {index["name"] or "" for index in inspector.get_indexes("predictions")}
    return names


def upgrade() -> None:
    there = found()
    for name, columns in TABLES.items():
        if name not in there:
            op.create_table(name, *columns)
    if "user_id" not in there:  # as in a project that had no accounts
        op.add_column("predictions", sa.Column("user_id", text(36), nullable=True))
    for name in there:
        if name.endswith("_like"):  # Django makes it on PostgreSQL, and nothing here uses it
            op.drop_index(name, "predictions")


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)

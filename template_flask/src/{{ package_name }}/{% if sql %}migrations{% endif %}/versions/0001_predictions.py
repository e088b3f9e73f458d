"""The prediction log, and totals of what is removed from it"""

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


def indexes() -> list[str] | None:
    """The names of the table's indexes if it is there already, as in a project from Django."""
    if context.is_offline_mode():
        return None
    inspector = sa.inspect(op.get_bind())
    if not inspector.has_table("predictions"):
        return None
    return [index["name"] or "" for index in inspector.get_indexes("predictions")]


def upgrade() -> None:
    found = indexes()
    if found is None:
        op.create_table(
            "predictions",
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
        )
    for column in ("created_at", "model_version", "label", "feedback_at"):
        if (name := f"ix_predictions_{column}") not in (found or ()):
            op.create_index(name, "predictions", [column])
    for name in found or ():
        if name.endswith("_like"):  # Django makes it on PostgreSQL, and nothing here uses it
            op.drop_index(name, "predictions")
    if context.is_offline_mode() or not sa.inspect(op.get_bind()).has_table("summaries"):
        op.create_table(
            "summaries",
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
        )


def downgrade() -> None:
    op.drop_table("summaries")
    op.drop_table("predictions")

"""Indexes that end with the id, by which every list is read; and counts of what each version made.

Only so a page takes the same time whatever the log holds. Most are of some rows only, so that other
rows cost nothing; MySQL cannot, and begins those of outcomes with a column that it computes.
"""

from typing import Any

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import mssql, mysql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLE = "predictions"
INDEXES: dict[str, tuple[list[str], str | None]] = {
    "ix_predictions_by_version": (["model_version", "id"], None),
    "ix_predictions_by_label": (["label", "id"], "label IS NOT NULL"),
    "ix_predictions_by_user": (["user_id", "id"], "user_id IS NOT NULL"),
    "ix_predictions_by_reference": (["reference", "id"], "reference IS NOT NULL"),
    "ix_predictions_waiting": (["id"], "feedback_at IS NULL"),
    "ix_predictions_told": (["id"], "feedback_at IS NOT NULL"),
    "ix_predictions_told_by_version": (["model_version", "id"], "feedback_at IS NOT NULL"),
}
OF_MYSQL: dict[str, tuple[list[str], str | None]] = {
    "ix_predictions_told": (["outcome_known", "id"], None),
    "ix_predictions_told_by_version": (["model_version", "outcome_known", "id"], None),
}
BEFORE = ["created_at", "model_version", "label", "feedback_at", "user_id", "reference"]
COLUMN = (
    "ALTER TABLE predictions ADD COLUMN outcome_known BOOLEAN "
    "GENERATED ALWAYS AS (feedback_at IS NOT NULL) VIRTUAL"
)


def text(length: int) -> sa.String:
    return (
        sa.String(length)
        .with_variant(mysql.VARCHAR(length, collation="utf8mb4_bin"), "mysql")
        .with_variant(mssql.NVARCHAR(length, collation="Latin1_General_100_BIN2"), "mssql")
    )


def found() -> set[str | None]:
    """The names of what Django or an interrupted run has made."""
    if context.is_offline_mode():
        return set()
    inspector = sa.inspect(op.get_bind())
    columns, indexes = inspector.get_columns(TABLE), inspector.get_indexes(TABLE)
    return {*inspector.get_table_names(), *(one["name"] for one in [*columns, *indexes])}


def upgrade() -> None:
    there = found()
    if "tallies" not in there:
        op.create_table(
            "tallies",
            sa.Column("model_version", text(64), primary_key=True),
            sa.Column("made", sa.BigInteger(), nullable=False),
            sa.Column("until", text(36), nullable=False),
        )
    is_mysql = op.get_context().dialect.name == "mysql"
    if is_mysql and "outcome_known" not in there:
        op.execute(COLUMN)
    for name, (columns, where) in wanted(is_mysql=is_mysql).items():
        if name not in there:
            only: dict[str, Any] = {} if where is None or is_mysql else of_some(where)
            op.create_index(name, TABLE, columns, **only)
    for name in BEFORE:
        if f"ix_predictions_{name}" in there:
            op.drop_index(f"ix_predictions_{name}", TABLE)


def wanted(*, is_mysql: bool) -> dict[str, tuple[list[str], str | None]]:
    if not is_mysql:
        return INDEXES
    found = INDEXES | OF_MYSQL
    del found["ix_predictions_waiting"]  # the one that begins with outcome_known is of these, too
    return found


def of_some(where: str) -> dict[str, Any]:
    return {f"{name}_where": sa.text(where) for name in ("sqlite", "postgresql", "mssql")}


def downgrade() -> None:
    is_mysql = op.get_context().dialect.name == "mysql"
    for name in wanted(is_mysql=is_mysql):
        op.drop_index(name, TABLE)
    if is_mysql:
        op.drop_column(TABLE, "outcome_known")
    op.drop_table("tallies")

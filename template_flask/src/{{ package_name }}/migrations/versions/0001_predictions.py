"""The prediction log"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    if sa.inspect(op.get_bind()).has_table("predictions"):
        return  # the project came here from Django, and its predictions with it
    op.create_table(
        "predictions",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("model_version", sa.String(64), nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.Column("output", sa.JSON(), nullable=False),
        sa.Column("label", sa.String(255), nullable=True),
        sa.Column("duration_ms", sa.Double(), nullable=False),
        sa.Column("feedback", sa.JSON(), nullable=True),
        sa.Column("feedback_at", sa.DateTime(), nullable=True),
    )
    for column in ("created_at", "model_version", "label", "feedback_at"):
        op.create_index(f"ix_predictions_{column}", "predictions", [column])


def downgrade() -> None:
    op.drop_table("predictions")

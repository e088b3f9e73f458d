"""Nothing: predictions are in tables of the library, and what is yours follows this"""

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass

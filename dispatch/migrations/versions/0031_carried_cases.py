"""What was carried into a period is found in the index of replies, without reading each reply since."""

from __future__ import annotations

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

INDEX = """
DROP INDEX fact_disposed;
CREATE INDEX fact_disposed ON fact ({columns}) WHERE disposed_at IS NOT NULL;
"""


def upgrade() -> None:
    """Go forward."""
    op.execute(INDEX.format(columns="disposed_at, due_at"))


def downgrade() -> None:
    """Go back."""
    op.execute(INDEX.format(columns="disposed_at"))

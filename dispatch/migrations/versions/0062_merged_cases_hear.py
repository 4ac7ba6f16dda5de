"""What was merged into a case is found by it: whoever reported it hears how that case goes on."""

from __future__ import annotations

from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.execute("CREATE INDEX cases_merged ON cases (merged_into) WHERE merged_into IS NOT NULL")


def downgrade() -> None:
    """Go back."""
    op.execute("DROP INDEX cases_merged")

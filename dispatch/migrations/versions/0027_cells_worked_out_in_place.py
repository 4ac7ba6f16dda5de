"""The cells around a point are worked out within the statement that asks: called as a function they cost as much as the look."""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.execute("ALTER FUNCTION map_cells (geometry) CALLED ON NULL INPUT")  # a strict one is never put in place


def downgrade() -> None:
    """Go back."""
    op.execute("ALTER FUNCTION map_cells (geometry) STRICT")

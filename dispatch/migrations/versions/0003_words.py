"""A department never reads who reported: not even by a statement that row security would let through."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


OF_MY_CASE = "EXISTS (SELECT FROM cases c WHERE c.id = case_text.case_id)"


def upgrade() -> None:
    """Go forward."""
    # No restrictive policy of its own: the application is a member of the department's role, and it would bind both.
    op.execute(
        f"ALTER POLICY department ON case_text USING ({OF_MY_CASE} AND kind IN ('note', 'description', 'address'))"
    )


def downgrade() -> None:
    """Go back."""
    op.execute(f"ALTER POLICY department ON case_text USING ({OF_MY_CASE})")

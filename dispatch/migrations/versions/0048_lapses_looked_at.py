"""How far the lapses have been looked at for cards, in the order in which they became known."""

from __future__ import annotations

from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.execute("ALTER TABLE city ADD COLUMN cards_until timestamptz")
    op.execute("COMMENT ON COLUMN city.cards_until IS 'lapses known by then have been looked at for cards'")
    op.execute("DROP INDEX step_lapses")
    op.execute("CREATE INDEX step_lapses ON step (recorded_at) WHERE action IN ('lapse', 'check_fail')")


def downgrade() -> None:
    """Go back."""
    op.execute("DROP INDEX step_lapses")
    op.execute("CREATE INDEX step_lapses ON step (at) WHERE action IN ('lapse', 'check_fail')")
    op.execute("ALTER TABLE city DROP COLUMN cards_until")

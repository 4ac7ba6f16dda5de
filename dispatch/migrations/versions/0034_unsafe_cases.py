"""Dangerous cases that nobody has made safe yet are found by an index of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

UNSAFE = (
    "hazard AND (unit_id IS NULL OR clocks ? 'cordon') AND state NOT IN "
    "('closed', 'closed_forced', 'merged', 'refused', 'self_closed', 'void')"
)
BEFORE, AFTER = "before, after, verify, check", "before, after, verify, check, cordon"


def upgrade() -> None:
    """Go forward."""
    op.create_index("cases_unsafe", "cases", ["reported_at", "id"], unique=False, postgresql_where=sa.text(UNSAFE))
    op.alter_column("case_photo", "kind", existing_type=sa.Text(), comment=AFTER, existing_comment=BEFORE)


def downgrade() -> None:
    """Go back."""
    op.alter_column("case_photo", "kind", existing_type=sa.Text(), comment=BEFORE, existing_comment=AFTER)
    op.drop_index("cases_unsafe", table_name="cases")

"""A forced close waits for a second person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ASKED = sa.text("close_asked IS NOT NULL")
WHAT = "a forced close that waits for the second person: reason, by, at"


def upgrade() -> None:
    """Go forward."""
    op.add_column("cases", sa.Column("close_asked", postgresql.JSONB(), nullable=True, comment=WHAT))
    op.create_index("cases_close_asked", "cases", ["stage_due_at", "id"], unique=False, postgresql_where=ASKED)


def downgrade() -> None:
    """Go back."""
    op.drop_index("cases_close_asked", table_name="cases", postgresql_where=ASKED)
    op.drop_column("cases", "close_asked")

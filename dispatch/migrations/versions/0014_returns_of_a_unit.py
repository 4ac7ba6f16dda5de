"""A unit's returns are counted along an index of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

RETURNS = sa.text("action IN ('ask_return', 'ask_ruling')")


def upgrade() -> None:
    """Go forward."""
    op.create_index("step_returns", "step", ["unit_id", "at"], unique=False, postgresql_where=RETURNS)


def downgrade() -> None:
    """Go back."""
    op.drop_index("step_returns", table_name="step", postgresql_where=RETURNS)

"""Deferrals are counted apart from suspensions; what rests, and who asks for more time, is found along an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

RESPITES = "action IN ('ask_delay', 'ask_defer', 'ask_suspend', 'approve_delay', 'approve_suspend')"


def upgrade() -> None:
    """Go forward."""
    op.add_column("cases", sa.Column("deferrals", sa.Integer(), nullable=False, server_default="0"))
    resting = sa.text("suspended_until IS NOT NULL")
    op.create_index("cases_resting", "cases", ["suspended_until", "id"], postgresql_where=resting)
    op.create_index("step_respites", "step", ["at", "unit_id"], postgresql_where=sa.text(RESPITES))


def downgrade() -> None:
    """Go back."""
    op.drop_index("step_respites", "step")
    op.drop_index("cases_resting", "cases")
    op.drop_column("cases", "deferrals")

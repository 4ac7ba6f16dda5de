"""Duty grids change by sets: a change keeps what its duty grid said before, which lies in several tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    comment = "of a duty grid: what it said before, which no one row holds"
    op.add_column("change", sa.Column("was", postgresql.JSONB(), comment=comment))
    op.execute("GRANT UPDATE (was) ON change TO wangge_app")
    op.alter_column(
        "change_set",
        "layer",
        comment="key of a level of area, roads, components or duty_grids",
        existing_comment="key of a level of area, roads or components",
    )


def downgrade() -> None:
    """Go back."""
    op.alter_column(
        "change_set",
        "layer",
        comment="key of a level of area, roads or components",
        existing_comment="key of a level of area, roads, components or duty_grids",
    )
    op.drop_column("change", "was")

"""Facts say when they were last added to and when the holder's clock is due, so that figures can be had as of a day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KNOWN = """
    UPDATE fact f
       SET stage_due_at = c.stage_due_at,
           known_at = greatest(f.reported_at, (SELECT max(CASE s.action WHEN 'import' THEN s.at ELSE s.recorded_at END)
                                                 FROM step s WHERE s.case_id = f.case_id))
      FROM cases c WHERE c.id = f.case_id
"""


def upgrade() -> None:
    """Go forward."""
    op.add_column(
        "fact",
        sa.Column("stage_due_at", sa.DateTime(timezone=True), nullable=True, comment="of the clock its holder is on"),
    )
    op.add_column(
        "fact",
        sa.Column(
            "known_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when its last step was recorded; of an import, the last instant it brought along",
        ),
    )
    op.execute(KNOWN)
    op.alter_column("fact", "known_at", nullable=False)
    op.create_index("fact_known", "fact", ["known_at", "reported_at"])


def downgrade() -> None:
    """Go back."""
    op.drop_index("fact_known", "fact")
    op.drop_column("fact", "known_at")
    op.drop_column("fact", "stage_due_at")

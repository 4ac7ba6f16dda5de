"""Time to sign and time to answer the citizen, and the list of those who wait for an answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TO_ANSWER = sa.text("state IN ('closed', 'closed_forced', 'refused') AND stage_due_at IS NOT NULL")
ANSWERED = "the last answer to the citizen since the case ended"


def upgrade() -> None:
    """Go forward."""
    op.add_column("fact", sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True, comment=ANSWERED))
    op.add_column("fact", sa.Column("ontime_sign", sa.Boolean(), nullable=True))
    op.add_column("fact", sa.Column("ontime_answer", sa.Boolean(), nullable=True))
    # Answers were steps before they were figures: what was said then counts, though no clock ran.
    op.execute(
        """UPDATE fact f SET answered_at = s.at
             FROM (SELECT case_id, max(seq) AS seq FROM step WHERE action = 'answer_citizen' GROUP BY case_id) AS a
             JOIN step s USING (case_id, seq)
            WHERE f.case_id = a.case_id
              AND NOT EXISTS (SELECT FROM step e WHERE e.case_id = a.case_id AND e.seq > a.seq
                                 AND e.action IN ('close', 'force_close', 'refuse'))"""
    )
    op.create_index("cases_to_answer", "cases", ["stage_due_at", "id"], unique=False, postgresql_where=TO_ANSWER)


def downgrade() -> None:
    """Go back."""
    op.drop_index("cases_to_answer", table_name="cases", postgresql_where=TO_ANSWER)
    for column in ("ontime_answer", "ontime_sign", "answered_at"):
        op.drop_column("fact", column)

"""A change of the calendar is worked through in lanes, each by one worker at a time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

# One lane again: where one of them was not done, all is looked at once more, which counts nothing twice.
ONE_LANE = """
    UPDATE calendar_turn t
       SET reached = CASE WHEN w.done THEN w.reached ELSE 0 END, cases = CASE WHEN w.done THEN w.cases ELSE 0 END,
           moved = w.moved, done_at = CASE WHEN w.done THEN w.done_at END
      FROM (SELECT edition_id, max(reached) AS reached, sum(cases) AS cases, sum(moved) AS moved,
                   bool_and(done_at IS NOT NULL) AS done, max(done_at) AS done_at
              FROM calendar_turn GROUP BY edition_id) w
     WHERE w.edition_id = t.edition_id AND t.lane = 1
"""


def upgrade() -> None:
    """Go forward."""
    op.add_column(
        "calendar_turn",
        sa.Column(
            "lane",
            sa.Integer(),
            server_default="1",
            nullable=False,
            comment="a part of it that one worker has in hand",
        ),
    )
    op.alter_column("calendar_turn", "lane", server_default=None)
    op.add_column(
        "calendar_turn",
        sa.Column("last", sa.BigInteger(), nullable=True, comment="id of the lane's last case; empty: all that follow"),
    )
    op.drop_constraint("pk_calendar_turn", "calendar_turn")
    op.create_primary_key("pk_calendar_turn", "calendar_turn", ["edition_id", "lane"])


def downgrade() -> None:
    """Go back."""
    op.execute(ONE_LANE)
    op.execute("DELETE FROM calendar_turn WHERE lane > 1")
    op.drop_constraint("pk_calendar_turn", "calendar_turn")
    op.create_primary_key("pk_calendar_turn", "calendar_turn", ["edition_id"])
    op.drop_column("calendar_turn", "last")
    op.drop_column("calendar_turn", "lane")

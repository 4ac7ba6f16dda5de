"""Open deadlines are counted anew when a calendar changes: how far, and what moved."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "calendar_turn",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column(
            "reached", sa.BigInteger(), server_default="0", nullable=False, comment="id of the last case looked at"
        ),
        sa.Column("cases", sa.Integer(), server_default="0", nullable=False, comment="with a running clock, looked at"),
        sa.Column(
            "moved", sa.Integer(), server_default="0", nullable=False, comment="of these, with a deadline that moved"
        ),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_calendar_turn_edition_id")),
        sa.PrimaryKeyConstraint("edition_id", name=op.f("pk_calendar_turn")),
    )
    op.create_index("step_recounts", "step", ["at"], postgresql_where=sa.text("action = 'recount'"))
    op.execute("GRANT SELECT, INSERT, UPDATE ON calendar_turn TO wangge_app")


def downgrade() -> None:
    """Go back."""
    op.drop_index("step_recounts", table_name="step")
    op.drop_table("calendar_turn")

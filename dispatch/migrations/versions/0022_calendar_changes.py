"""Changes of the calendar, by two persons."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "calendar_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="the id its edition is to have"),
        sa.Column("in_force", sa.Date(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False, comment="that the notice is of"),
        sa.Column("official", sa.Boolean(), nullable=False, comment="the year's own notice: confirms it"),
        sa.Column("notice", sa.Text(), nullable=False, comment="as it was pasted"),
        sa.Column("document", postgresql.JSONB(), nullable=False, comment="the whole calendar as it is to be"),
        sa.Column("base_id", sa.Integer(), nullable=False, comment="the edition it was begun from"),
        sa.Column("state", sa.Text(), server_default="submitted", nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, comment="what it rests on"),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decision", sa.Text(), server_default="", nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=True, comment="what it became"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('submitted', 'published', 'refused', 'withdrawn')", name=op.f("ck_calendar_change_state")
        ),
        sa.CheckConstraint(
            "state <> 'published' OR decided_by <> author_id", name=op.f("ck_calendar_change_two_persons")
        ),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_calendar_change_author_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_calendar_change_decided_by")),
        sa.ForeignKeyConstraint(["base_id"], ["edition.id"], name=op.f("fk_calendar_change_base_id")),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_calendar_change_edition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_change")),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON calendar_change TO wangge_app")
    op.execute("GRANT USAGE, SELECT ON SEQUENCE calendar_change_id_seq TO wangge_app")


def downgrade() -> None:
    """Go back."""
    op.drop_table("calendar_change")

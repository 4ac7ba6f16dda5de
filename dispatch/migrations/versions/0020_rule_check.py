"""What each night finds wrong with the rules; and messages that are about no case."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "rule_check",
        sa.Column("day", sa.Date(), nullable=False, comment="of the city; one check a day"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("city_version", sa.Integer(), nullable=False, comment="loads and changes the city had seen"),
        sa.Column("edition_id", sa.Integer(), nullable=False, comment="the rules that were looked at"),
        sa.Column("findings", postgresql.JSONB(), nullable=False),
        sa.Column("fresh", sa.Integer(), nullable=False, comment="severe ones that the check before had not"),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_rule_check_edition_id")),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_rule_check")),
    )
    op.execute("GRANT SELECT, INSERT ON rule_check TO wangge_app")
    op.alter_column("outbox", "case_id", nullable=True, comment="empty where the message is about no case")


def downgrade() -> None:
    """Go back; messages about no case are lost."""
    op.execute("DELETE FROM outbox WHERE case_id IS NULL")
    op.alter_column(
        "outbox", "case_id", nullable=False, comment=None, existing_comment="empty where the message is about no case"
    )
    op.drop_table("rule_check")

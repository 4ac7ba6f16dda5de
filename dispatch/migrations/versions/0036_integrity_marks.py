"""What people said of findings of the tests of integrity."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

# Added to only: what somebody said stays. No department's business.
GRANTS = """
REVOKE ALL ON integrity_mark FROM wangge_app, wangge_department;
GRANT SELECT, INSERT ON integrity_mark TO wangge_app;
"""


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "integrity_mark",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("test", sa.Text(), nullable=False),
        sa.Column(
            "subject",
            sa.Text(),
            nullable=False,
            comment="login, unit id, login|unit or duty grid: as the test names it",
        ),
        sa.Column("period", sa.Text(), nullable=False, comment="by its name"),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "cases",
            postgresql.ARRAY(sa.BigInteger()),
            nullable=False,
            comment="the evidence there was to be looked at",
        ),
        sa.Column("marked_by", sa.BigInteger(), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("verdict IN ('looked_at', 'false_alarm')", name=op.f("ck_integrity_mark_verdict")),
        sa.CheckConstraint("length(reason) BETWEEN 1 AND 500", name=op.f("ck_integrity_mark_reason")),
        sa.ForeignKeyConstraint(["marked_by"], ["person.id"], name=op.f("fk_integrity_mark_marked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrity_mark")),
    )
    op.create_index("integrity_mark_finding", "integrity_mark", ["test", "period", "subject"], unique=False)
    op.execute(GRANTS)


def downgrade() -> None:
    """Go back."""
    op.drop_table("integrity_mark")

"""What each night finds of the duty to come, and whom its drill paged."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

GRANTS = """
REVOKE ALL ON duty_check, drill_call FROM wangge_app, wangge_department;
GRANT SELECT, INSERT ON duty_check, drill_call TO wangge_app;
"""


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "duty_check",
        sa.Column("day", sa.Date(), nullable=False, comment="of the city; one a night"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("findings", postgresql.JSONB(), nullable=False, comment="of the seven days from then on"),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_duty_check")),
    )
    op.create_table(
        "drill_call",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("unit_id", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("outbox_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("num_nonnulls(person_id, outbox_id) IN (0, 2)", name=op.f("ck_drill_call_told")),
        sa.ForeignKeyConstraint(["day"], ["duty_check.day"], name=op.f("fk_drill_call_day")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_drill_call_unit_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_drill_call_person_id")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_drill_call_outbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drill_call")),
        sa.UniqueConstraint("outbox_id", name=op.f("uq_drill_call_outbox_id")),
        sa.UniqueConstraint(
            "day",
            "unit_id",
            "post",
            "person_id",
            name=op.f("uq_drill_call_day_unit_id_post_person_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.execute(GRANTS)


def downgrade() -> None:
    """Go back."""
    op.drop_table("drill_call")
    op.drop_table("duty_check")

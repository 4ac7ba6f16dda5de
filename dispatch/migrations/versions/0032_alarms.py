"""What rings, and whom it rang."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

GRANTS = """
REVOKE ALL ON alarm, alarm_call FROM wangge_app, wangge_department;
GRANT SELECT, INSERT ON alarm, alarm_call TO wangge_app;
GRANT UPDATE (rung, next_at, ended_at, outcome) ON alarm TO wangge_app;
GRANT UPDATE (acknowledged_at, acknowledged_by) ON alarm_call TO wangge_app;
"""


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "alarm",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("ladder", sa.Text(), nullable=False, comment="its key in ladders.toml"),
        sa.Column("clock", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False, comment="start, warn or lapse"),
        sa.Column("rungs", postgresql.JSONB(), nullable=False, comment="as they were when it began"),
        sa.Column("rung", sa.Integer(), server_default="0", nullable=False, comment="the next one, from 0"),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True, comment="when that rings; none: it has ended"),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "outcome",
            sa.Text(),
            nullable=True,
            comment="silenced (the clock stopped or changed), acknowledged, over (no rung is left)",
        ),
        sa.CheckConstraint(
            "num_nonnulls(next_at, ended_at) = 1 AND (ended_at IS NULL) = (outcome IS NULL)",
            name=op.f("ck_alarm_standing"),
        ),
        sa.CheckConstraint("outcome IN ('silenced', 'acknowledged', 'over')", name=op.f("ck_alarm_outcome")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_alarm_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm")),
        sa.UniqueConstraint("case_id", "clock", "epoch", "event", name=op.f("uq_alarm_case_id_clock_epoch_event")),
    )
    due = sa.text("next_at IS NOT NULL")
    op.create_index("alarm_due", "alarm", ["next_at"], unique=False, postgresql_where=due)
    _create_calls()
    op.execute(GRANTS)


def _create_calls() -> None:
    op.create_table(
        "alarm_call",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("alarm_id", sa.BigInteger(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Text(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=True, comment="empty: nobody was there to be rung"),
        sa.Column("outbox_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token", sa.Text(), nullable=True, comment="of the link that acknowledges"),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True, comment="link or person: by which way"),
        sa.CheckConstraint("num_nonnulls(person_id, outbox_id, token) IN (0, 3)", name=op.f("ck_alarm_call_told")),
        sa.CheckConstraint(
            "(acknowledged_at IS NULL) = (acknowledged_by IS NULL)", name=op.f("ck_alarm_call_acknowledged")
        ),
        sa.CheckConstraint("acknowledged_by IN ('link', 'person')", name=op.f("ck_alarm_call_acknowledged_by")),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarm.id"], name=op.f("fk_alarm_call_alarm_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_alarm_call_unit_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_alarm_call_person_id")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_alarm_call_outbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm_call")),
        sa.UniqueConstraint("outbox_id", name=op.f("uq_alarm_call_outbox_id")),
        sa.UniqueConstraint("token", name=op.f("uq_alarm_call_token")),
        sa.UniqueConstraint(
            "alarm_id",
            "rung",
            "person_id",
            name=op.f("uq_alarm_call_alarm_id_rung_person_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index("alarm_call_person", "alarm_call", ["person_id", "at"], unique=False)


def downgrade() -> None:
    """Go back."""
    op.drop_table("alarm_call")
    op.drop_table("alarm")

"""Who stands in for whom on duty."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

# Added to only: who was on duty stays on record. Departments read it through the centre's pages, never themselves.
GRANTS = """
REVOKE ALL ON stand_in, stand_in_answer FROM wangge_app, wangge_department;
GRANT SELECT, INSERT ON stand_in, stand_in_answer TO wangge_app;
"""


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "stand_in",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("unit_id", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True, comment="whose duty it is; empty: nobody's, a hole"),
        sa.Column("substitute_id", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "back_since",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="of a swap: which of the stand-in's duties the person takes in return",
        ),
        sa.Column("back_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("since < until AND (back_since < back_until) IS NOT FALSE", name=op.f("ck_stand_in_spans")),
        sa.CheckConstraint("num_nonnulls(back_since, back_until) IN (0, 2)", name=op.f("ck_stand_in_swap_whole")),
        sa.CheckConstraint("person_id <> substitute_id", name=op.f("ck_stand_in_two_persons")),
        sa.CheckConstraint("person_id IS NOT NULL OR back_since IS NULL", name=op.f("ck_stand_in_nobody_swaps")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_stand_in_unit_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_stand_in_person_id")),
        sa.ForeignKeyConstraint(["substitute_id"], ["person.id"], name=op.f("fk_stand_in_substitute_id")),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_stand_in_asked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stand_in")),
    )
    op.create_index("stand_in_unit", "stand_in", ["unit_id", "since"], unique=False)
    op.create_table(
        "stand_in_answer",
        sa.Column("stand_in_id", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("answer IN ('agreed', 'refused', 'withdrawn')", name=op.f("ck_stand_in_answer_answer")),
        sa.ForeignKeyConstraint(["stand_in_id"], ["stand_in.id"], name=op.f("fk_stand_in_answer_stand_in_id")),
        sa.ForeignKeyConstraint(["answered_by"], ["person.id"], name=op.f("fk_stand_in_answer_answered_by")),
        sa.PrimaryKeyConstraint("stand_in_id", name=op.f("pk_stand_in_answer")),
    )
    op.execute(GRANTS)


def downgrade() -> None:
    """Go back."""
    op.drop_table("stand_in_answer")
    op.drop_table("stand_in")

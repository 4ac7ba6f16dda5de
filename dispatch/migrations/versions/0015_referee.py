"""The referee's stage and pool, and what he ruled as precedents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

STATES = (
    "'reported', 'self_handled', 'verifying', 'verified', 'accepted', 'filed', 'dispatched', 'handling', 'return_asked', "
    "{}'delay_asked', 'suspend_asked', 'suspended', 'feedback', 'check_pending', 'checking', 'rework', 'checked_ok', "
    "'closed', 'closed_forced', 'self_closed', 'refused', 'void', 'merged'"
)
POOLS = "'acceptor', 'shift_leader', 'dispatcher', {}'unit', 'inspector', 'nobody'"


def _words(state: str, pool: str) -> None:
    for column, words in (("state", STATES.format(state)), ("pool", POOLS.format(pool))):
        op.drop_constraint(op.f(f"ck_cases_{column}"), "cases", type_="check")
        op.create_check_constraint(op.f(f"ck_cases_{column}"), "cases", f"{column} IN ({words})")


def upgrade() -> None:
    """Go forward."""
    _words("'ruling_asked', ", "'referee', ")
    op.add_column(
        "city",
        sa.Column(
            "rulings",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="counts precedents, for those who keep them",
        ),
    )
    op.create_table(
        "precedent",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False, comment="the step that ruled"),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False, comment="level:code of the last area above the unit grid"),
        sa.Column("road", sa.Text(), nullable=False, comment="road class"),
        sa.Column("facts", postgresql.JSONB(), nullable=False, comment="the facts that routing saw"),
        sa.Column("unit_id", sa.Text(), nullable=False, comment="whose it is"),
        sa.Column("not_unit_id", sa.Text(), nullable=True, comment="whose it is not"),
        sa.Column("reason", sa.Text(), nullable=True, comment="the code word the referee chose"),
        sa.Column("clause", sa.Text(), nullable=True, comment="the rule that was argued with"),
        sa.Column("ruled_by", sa.BigInteger(), nullable=True),
        sa.Column("ruled_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_precedent_case_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_precedent_unit_id")),
        sa.ForeignKeyConstraint(["not_unit_id"], ["unit.id"], name=op.f("fk_precedent_not_unit_id")),
        sa.ForeignKeyConstraint(["ruled_by"], ["person.id"], name=op.f("fk_precedent_ruled_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_precedent")),
        sa.UniqueConstraint("case_id", "seq", name=op.f("uq_precedent_case_id_seq")),
    )
    op.execute("GRANT SELECT, INSERT ON precedent TO wangge_app")
    op.execute("GRANT USAGE, SELECT ON SEQUENCE precedent_id_seq TO wangge_app")


def downgrade() -> None:
    """Go back. Cases that wait for a referee wait for the dispatcher again; their steps keep what was."""
    op.drop_table("precedent")
    op.drop_column("city", "rulings")
    op.execute("UPDATE cases SET state = 'return_asked', pool = 'dispatcher' WHERE state = 'ruling_asked'")
    _words("", "")

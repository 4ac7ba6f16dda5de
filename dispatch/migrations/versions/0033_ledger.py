"""The ledger: points given by hand, cases left out; two persons each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

WHOLE = (
    "CASE WHEN kind = 'exclusion' THEN case_id IS NOT NULL AND num_nulls(scheme, period, points) = 3"
    " ELSE case_id IS NULL AND num_nulls(scheme, period, points) = 0 END"
)


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="a kind of points of the scheme, or `exclusion`"),
        sa.Column("unit_id", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=True, comment="key; empty for an exclusion"),
        sa.Column(
            "period", sa.Text(), nullable=True, comment="in whose scores the points count; empty for an exclusion"
        ),
        sa.Column("points", sa.Numeric(6, 2), nullable=True),
        sa.Column(
            "case_id", sa.BigInteger(), nullable=True, comment="left out of what was to be disposed of and closed"
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=False, comment="number of the paper it rests on"),
        sa.Column("document_hash", sa.Text(), nullable=False, comment="SHA-256 of that paper as a file"),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(WHOLE, name=op.f("ck_ledger_entry_whole")),
        sa.CheckConstraint("document_hash ~ '^[0-9a-f]{64}$'", name=op.f("ck_ledger_entry_hash")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_ledger_entry_unit_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_ledger_entry_case_id")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_ledger_entry_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
        sa.UniqueConstraint("id", "made_by", name="ledger_entry_as_made"),
    )
    op.create_index("ledger_entry_period", "ledger_entry", ["period", "scheme"])
    op.create_index("ledger_entry_case", "ledger_entry", ["case_id"], postgresql_where=sa.text("case_id IS NOT NULL"))
    op.create_table(
        "ledger_decision",
        sa.Column("entry_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("decision IN ('agreed', 'refused')", name=op.f("ck_ledger_decision_decision")),
        sa.CheckConstraint(
            "decision <> 'agreed' OR decided_by <> made_by", name=op.f("ck_ledger_decision_two_persons")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_ledger_decision_decided_by")),
        sa.ForeignKeyConstraint(
            ["entry_id", "made_by"], ["ledger_entry.id", "ledger_entry.made_by"], name="ledger_decision_as_made"
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_ledger_decision")),
    )
    op.execute("GRANT SELECT, INSERT ON ledger_entry, ledger_decision TO wangge_app")
    op.execute("GRANT USAGE, SELECT ON SEQUENCE ledger_entry_id_seq TO wangge_app")


def downgrade() -> None:
    """Go back."""
    op.drop_table("ledger_decision")
    op.drop_index("ledger_entry_case", table_name="ledger_entry")
    op.drop_index("ledger_entry_period", table_name="ledger_entry")
    op.drop_table("ledger_entry")

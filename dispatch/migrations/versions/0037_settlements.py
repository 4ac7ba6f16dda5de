"""Settlement sheets of collection companies, signed by both sides."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "settlement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("unit_id", sa.Text(), nullable=False, comment="the collection company"),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False, comment="canonical JSON: counts, scheme, score, fee"),
        sa.Column("hash", sa.Text(), nullable=False, comment="SHA-256 of the document; what is signed"),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_settlement_unit_id")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_settlement_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement")),
        sa.UniqueConstraint("id", "hash", name="settlement_as_made"),
    )
    op.create_index("settlement_unit", "settlement", ["unit_id", "period"])
    op.create_table(
        "settlement_signature",
        sa.Column("settlement_id", sa.BigInteger(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("side IN ('city', 'company')", name=op.f("ck_settlement_signature_side")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_settlement_signature_person_id")),
        sa.ForeignKeyConstraint(
            ["settlement_id", "hash"], ["settlement.id", "settlement.hash"], name="settlement_signature_as_made"
        ),
        sa.PrimaryKeyConstraint("settlement_id", "side", name=op.f("pk_settlement_signature")),
        sa.UniqueConstraint("settlement_id", "person_id", name="settlement_signature_two_persons"),
    )
    op.execute("GRANT SELECT, INSERT ON settlement, settlement_signature TO wangge_app")
    op.execute("GRANT USAGE, SELECT ON SEQUENCE settlement_id_seq TO wangge_app")


def downgrade() -> None:
    """Go back."""
    op.drop_table("settlement_signature")
    op.drop_index("settlement_unit", table_name="settlement")
    op.drop_table("settlement")

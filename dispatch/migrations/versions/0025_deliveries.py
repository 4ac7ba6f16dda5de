"""Where people can be reached outside the product, and what was sent to them there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

# Departments see neither: no grant at all.
GRANTS = """
REVOKE ALL ON person_reach, delivery FROM wangge_department;
GRANT SELECT, INSERT, UPDATE, DELETE ON person_reach TO wangge_app;
GRANT SELECT, INSERT, UPDATE ON delivery TO wangge_app;
"""


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "person_reach",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="mail or phone"),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="nonce and ciphertext, AES-256-GCM"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_reach_person_id")),
        sa.PrimaryKeyConstraint("person_id", "kind", name=op.f("pk_person_reach")),
    )
    _create_delivery()
    op.execute(GRANTS)


def _create_delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "delivery_id", postgresql.UUID(as_uuid=True), server_default=sa.text("gen_random_uuid()"), nullable=False
        ),
        sa.Column("outbox_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False, comment="its name in notices.toml"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "next_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it is tried next; none: nothing more is owed",
        ),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dead_at", sa.DateTime(timezone=True), nullable=True, comment="when it was given up"),
        sa.Column(
            "outcome", sa.Text(), server_default="", nullable=False, comment="of the last attempt: never an address"
        ),
        sa.Column(
            "masked", sa.Text(), server_default="", nullable=False, comment="where to, so far as people may see it"
        ),
        sa.CheckConstraint("num_nonnulls(next_at, sent_at, dead_at) = 1", name=op.f("ck_delivery_one_standing")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_delivery_outbox_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_delivery_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("delivery_id", name=op.f("uq_delivery_delivery_id")),
        sa.UniqueConstraint("outbox_id", "person_id", "channel", name=op.f("uq_delivery_outbox_id_person_id_channel")),
    )
    due, dead = sa.text("next_at IS NOT NULL"), sa.text("dead_at IS NOT NULL")
    op.create_index("delivery_due", "delivery", ["channel", "next_at"], unique=False, postgresql_where=due)
    op.create_index("delivery_dead", "delivery", ["dead_at"], unique=False, postgresql_where=dead)


def downgrade() -> None:
    """Go back."""
    op.drop_table("delivery")
    op.drop_table("person_reach")

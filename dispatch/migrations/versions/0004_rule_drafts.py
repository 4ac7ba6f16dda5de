"""Draft rulebooks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('draft', 'submitted')")


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "rule_draft",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="the id its edition is to have"),
        sa.Column("in_force", sa.Date(), nullable=False, comment="the day from which it is to decide"),
        sa.Column("base_id", sa.Integer(), nullable=False, comment="the edition it was begun from"),
        sa.Column(
            "document", postgresql.JSONB(), nullable=False, comment="the whole rulebook as rules.toml would say it"
        ),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="counts changes"),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "writers",
            postgresql.ARRAY(sa.BigInteger()),
            nullable=False,
            comment="all who changed it; none of them may publish it",
        ),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("report", postgresql.JSONB(), nullable=True, comment="the replay it was submitted with"),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decision", sa.Text(), server_default="", nullable=False, comment="what the second person said"),
        sa.Column("edition_id", sa.Integer(), nullable=True, comment="what it became"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('draft', 'submitted', 'published', 'dropped')", name=op.f("ck_rule_draft_state")),
        sa.CheckConstraint(
            "state <> 'published' OR decided_by <> ALL (writers)", name=op.f("ck_rule_draft_two_persons")
        ),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_rule_draft_author_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_rule_draft_decided_by")),
        sa.ForeignKeyConstraint(["base_id"], ["edition.id"], name=op.f("fk_rule_draft_base_id")),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_rule_draft_edition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_draft")),
    )
    op.create_index("rule_draft_open", "rule_draft", ["name"], unique=True, postgresql_where=OPEN)
    op.execute("GRANT SELECT, INSERT, UPDATE ON rule_draft TO wangge_app")
    op.execute("GRANT USAGE, SELECT ON SEQUENCE rule_draft_id_seq TO wangge_app")


def downgrade() -> None:
    """Go back."""
    op.drop_index("rule_draft_open", table_name="rule_draft", postgresql_where=OPEN)
    op.drop_table("rule_draft")

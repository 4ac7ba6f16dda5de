"""Bulletins: facts and rules of a finished period, frozen; published by two people; added to, never changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

PUBLISHED = sa.text("decision = 'published'")
AS_MADE = ["id", "period", "scheme", "revision", "made_by"]


def _instant(name: str, *, comment: str | None = None) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, comment=comment)


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "bulletin",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False, comment="1, and one more for each one published"),
        sa.Column("previous_id", sa.BigInteger(), nullable=True, comment="the published one that it revises"),
        _instant("since"),
        _instant("until"),
        _instant("as_of", comment="what was recorded by then is what it tells"),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        _instant("made_at"),
        sa.Column("cases", sa.Integer(), nullable=False, comment="how many facts it froze"),
        sa.Column(
            "rules", sa.Text(), nullable=False, comment="canonical JSON: scheme, editions, units, groups, period"
        ),
        sa.Column("facts_hash", sa.Text(), nullable=False, comment="SHA-256 of the facts as text"),
        sa.Column(
            "hash", sa.Text(), nullable=False, comment="SHA-256 over the hashes of facts and rules; printed on it"
        ),
        sa.Column("scores", sa.Text(), nullable=False, comment="CSV counted from the facts and rules alone"),
        sa.ForeignKeyConstraint(["previous_id"], ["bulletin.id"], name=op.f("fk_bulletin_previous_id")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_bulletin_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulletin")),
        sa.UniqueConstraint(*AS_MADE, name="bulletin_as_made"),
    )
    op.create_index("bulletin_period", "bulletin", ["period", "scheme"], unique=False)
    op.create_table(
        "bulletin_fact",
        sa.Column("bulletin_id", sa.BigInteger(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False, comment="what the case is called in it: it shows no case number"),
        sa.Column("case_id", sa.BigInteger(), nullable=False, comment="for the staff; no part of what is published"),
        sa.Column(
            "line",
            sa.Text(),
            nullable=False,
            comment="the fact as text: codes, marks and instants; no person, no free text",
        ),
        sa.ForeignKeyConstraint(
            ["bulletin_id"],
            ["bulletin.id"],
            name=op.f("fk_bulletin_fact_bulletin_id"),
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.PrimaryKeyConstraint("bulletin_id", "no", name=op.f("pk_bulletin_fact")),
    )
    op.create_table(
        "bulletin_decision",
        sa.Column("bulletin_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=False),
        _instant("decided_at"),
        sa.Column("head_no", sa.BigInteger(), nullable=True, comment="the last sealed block when it was published"),
        sa.Column("head_hash", sa.Text(), nullable=True),
        sa.CheckConstraint("decision IN ('published', 'declined')", name=op.f("ck_bulletin_decision_decision")),
        sa.CheckConstraint(
            "decision <> 'published' OR decided_by <> made_by", name=op.f("ck_bulletin_decision_two_persons")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_bulletin_decision_decided_by")),
        sa.ForeignKeyConstraint(
            ["bulletin_id", *AS_MADE[1:]], [f"bulletin.{name}" for name in AS_MADE], name="bulletin_decision_as_made"
        ),
        sa.PrimaryKeyConstraint("bulletin_id", name=op.f("pk_bulletin_decision")),
    )
    op.create_index(
        "bulletin_published",
        "bulletin_decision",
        ["period", "scheme", "revision"],
        unique=True,
        postgresql_where=PUBLISHED,
    )
    op.execute("GRANT SELECT, INSERT ON bulletin, bulletin_fact, bulletin_decision TO wangge_app")
    op.execute("GRANT USAGE, SELECT ON SEQUENCE bulletin_id_seq TO wangge_app")


def downgrade() -> None:
    """Go back."""
    op.drop_index("bulletin_published", table_name="bulletin_decision", postgresql_where=PUBLISHED)
    op.drop_table("bulletin_decision")
    op.drop_table("bulletin_fact")
    op.drop_index("bulletin_period", table_name="bulletin")
    op.drop_table("bulletin")

"""Bulletins, what they froze, and who let them out. The application adds rows to these and can change none."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from gis.tables import instant, metadata

bulletin = Table(
    "bulletin",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("period", Text, nullable=False),
    Column("scheme", Text, nullable=False),
    Column("revision", Integer, nullable=False, comment="1, and one more for each one published"),
    Column("previous_id", BigInteger, ForeignKey("bulletin.id"), comment="the published one that it revises"),
    instant("since", nullable=False),
    instant("until", nullable=False),
    instant("as_of", nullable=False, comment="what was recorded by then is what it tells"),
    Column("made_by", BigInteger, ForeignKey("person.id"), nullable=False),
    instant("made_at", nullable=False),
    Column("cases", Integer, nullable=False, comment="how many facts it froze"),
    Column("rules", Text, nullable=False, comment="canonical JSON: scheme, editions, units, groups, period"),
    Column("facts_hash", Text, nullable=False, comment="SHA-256 of the facts as text"),
    Column("hash", Text, nullable=False, comment="SHA-256 over the hashes of facts and rules; printed on it"),
    Column("scores", Text, nullable=False, comment="CSV counted from the facts and rules alone"),
    UniqueConstraint("id", "period", "scheme", "revision", "made_by", name="bulletin_as_made"),
    Index("bulletin_period", "period", "scheme"),
)

bulletin_fact = Table(
    "bulletin_fact",
    metadata,
    Column(
        "bulletin_id", BigInteger, ForeignKey("bulletin.id", deferrable=True, initially="DEFERRED"), primary_key=True
    ),
    Column("no", Integer, primary_key=True, comment="what the case is called in it: it shows no case number"),
    Column("case_id", BigInteger, nullable=False, comment="for the staff; no part of what is published"),
    Column(
        "line", Text, nullable=False, comment="the fact as text: codes, marks and instants; no person, no free text"
    ),
)

# Who made it and what it is stand here again, so that the database itself can refuse the wrong publisher, and a second
# bulletin of the same number.
bulletin_decision = Table(
    "bulletin_decision",
    metadata,
    Column("bulletin_id", BigInteger, primary_key=True, autoincrement=False),
    Column("period", Text, nullable=False),
    Column("scheme", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("made_by", BigInteger, nullable=False),
    Column("decision", Text, nullable=False),
    Column("decided_by", BigInteger, ForeignKey("person.id"), nullable=False),
    instant("decided_at", nullable=False),
    Column("head_no", BigInteger, comment="the last sealed block when it was published"),
    Column("head_hash", Text),
    CheckConstraint("decision IN ('published', 'declined')", name="decision"),
    CheckConstraint("decision <> 'published' OR decided_by <> made_by", name="two_persons"),
    ForeignKeyConstraint(
        ["bulletin_id", "period", "scheme", "revision", "made_by"],
        ["bulletin.id", "bulletin.period", "bulletin.scheme", "bulletin.revision", "bulletin.made_by"],
        name="bulletin_decision_as_made",
    ),
    Index(
        "bulletin_published",
        "period",
        "scheme",
        "revision",
        unique=True,
        postgresql_where=text("decision = 'published'"),
    ),
)

"""What people decide about scores: points by hand, cases left out, settlement sheets. Rows are only added."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from gis.tables import instant, metadata

ledger_entry = Table(
    "ledger_entry",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False, comment="a kind of points of the scheme, or `exclusion`"),
    Column("unit_id", Text, ForeignKey("unit.id"), nullable=False),
    Column("scheme", Text, comment="key; empty for an exclusion"),
    Column("period", Text, comment="in whose scores the points count; empty for an exclusion"),
    Column("points", Numeric(6, 2)),
    Column("case_id", BigInteger, ForeignKey("cases.id"), comment="left out of what was to be disposed of and closed"),
    Column("reason", Text, nullable=False),
    Column("document_no", Text, nullable=False, comment="number of the paper it rests on"),
    Column("document_hash", Text, nullable=False, comment="SHA-256 of that paper as a file"),
    Column("made_by", BigInteger, ForeignKey("person.id"), nullable=False),
    instant("made_at", nullable=False),
    CheckConstraint(
        "CASE WHEN kind = 'exclusion' THEN case_id IS NOT NULL AND num_nulls(scheme, period, points) = 3"
        " ELSE case_id IS NULL AND num_nulls(scheme, period, points) = 0 END",
        name="whole",
    ),
    CheckConstraint("document_hash ~ '^[0-9a-f]{64}$'", name="hash"),
    UniqueConstraint("id", "made_by", name="ledger_entry_as_made"),
    Index("ledger_entry_period", "period", "scheme"),
    Index("ledger_entry_case", "case_id", postgresql_where=text("case_id IS NOT NULL")),
)

settlement = Table(
    "settlement",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("unit_id", Text, ForeignKey("unit.id"), nullable=False, comment="the collection company"),
    Column("period", Text, nullable=False),
    Column("document", Text, nullable=False, comment="canonical JSON: counts, scheme, score, fee"),
    Column("hash", Text, nullable=False, comment="SHA-256 of the document; what is signed"),
    Column("made_by", BigInteger, ForeignKey("person.id"), nullable=False),
    instant("made_at", nullable=False),
    UniqueConstraint("id", "hash", name="settlement_as_made"),
    Index("settlement_unit", "unit_id", "period"),
)

settlement_signature = Table(
    "settlement_signature",
    metadata,
    Column("settlement_id", BigInteger, primary_key=True),
    Column("side", Text, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("person_id", BigInteger, ForeignKey("person.id"), nullable=False),
    instant("signed_at", nullable=False),
    CheckConstraint("side IN ('city', 'company')", name="side"),
    UniqueConstraint("settlement_id", "person_id", name="settlement_signature_two_persons"),
    ForeignKeyConstraint(
        ["settlement_id", "hash"], ["settlement.id", "settlement.hash"], name="settlement_signature_as_made"
    ),
)

ledger_decision = Table(
    "ledger_decision",
    metadata,
    Column("entry_id", BigInteger, primary_key=True, autoincrement=False),
    Column("made_by", BigInteger, nullable=False),
    Column("decision", Text, nullable=False),
    Column("decided_by", BigInteger, ForeignKey("person.id"), nullable=False),
    Column("words", Text, nullable=False, server_default=""),
    instant("decided_at", nullable=False),
    CheckConstraint("decision IN ('agreed', 'refused')", name="decision"),
    CheckConstraint("decision <> 'agreed' OR decided_by <> made_by", name="two_persons"),
    ForeignKeyConstraint(
        ["entry_id", "made_by"], ["ledger_entry.id", "ledger_entry.made_by"], name="ledger_decision_as_made"
    ),
)

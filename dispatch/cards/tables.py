"""Cards of electronic supervision: each rests on one step of a case."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from gis.tables import instant, metadata

card = Table(
    "card",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("case_id", BigInteger, ForeignKey("cases.id"), nullable=False),
    Column("seq", Integer, nullable=False, comment="the step it rests on: a lapse, or a check that failed"),
    Column("unit_id", Text, ForeignKey("unit.id"), nullable=False),
    Column("cause", Text, nullable=False, comment="late_work, late_click, wrong_data"),
    Column("colour", Text, nullable=False, comment="yellow, red"),
    Column("nth", Integer, nullable=False, comment="the how-many-th of this cause and unit within the rule's days"),
    Column("rule", JSONB, nullable=False, comment="the city's rule of then: yellow, red, days"),
    instant("at", nullable=False, comment="when the step took effect"),
    instant("given_at", nullable=False),
    instant("contested_at"),
    Column("contested_by", BigInteger, ForeignKey("person.id")),
    Column("reason", Text, comment="the code word the unit chose"),
    Column("words", Text, nullable=False, server_default="", comment="the unit's own; may be emptied"),
    Column("photos", ARRAY(Text), nullable=False, server_default="{}"),
    instant("ruled_at"),
    Column("ruled_by", BigInteger, ForeignKey("person.id")),
    Column("ruling", Text, comment="stands or wrong"),
    Column("documents", JSONB, nullable=False, server_default="[]", comment="sha256, name, bytes and pages of each"),
    UniqueConstraint("case_id", "seq"),
    CheckConstraint("ruled_by <> contested_by", name="two_persons"),
    CheckConstraint("ruled_at IS NULL OR (contested_at IS NOT NULL AND ruling IS NOT NULL)", name="ruled"),
    Index("card_unit", "unit_id", "at"),
    Index("card_at", "at"),
    Index("card_contested", "contested_at", postgresql_where=text("contested_at IS NOT NULL AND ruled_at IS NULL")),
)

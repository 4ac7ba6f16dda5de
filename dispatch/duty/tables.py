"""Who stands in for whom: asked by one, answered by another, and neither ever changed."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Identity, Index, Table, Text

from gis.tables import instant, metadata

stand_in = Table(
    "stand_in",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("unit_id", Text, ForeignKey("unit.id"), nullable=False),
    Column("post", Text, nullable=False),
    Column("person_id", BigInteger, ForeignKey("person.id"), comment="whose duty it is; empty: nobody's, a hole"),
    Column("substitute_id", BigInteger, ForeignKey("person.id"), nullable=False),
    instant("since", nullable=False),
    instant("until", nullable=False),
    instant("back_since", comment="of a swap: which of the stand-in's duties the person takes in return"),
    instant("back_until"),
    Column("reason", Text, nullable=False),
    Column("asked_by", BigInteger, ForeignKey("person.id"), nullable=False),
    instant("asked_at", nullable=False),
    CheckConstraint("since < until AND (back_since < back_until) IS NOT FALSE", name="spans"),
    CheckConstraint("num_nonnulls(back_since, back_until) IN (0, 2)", name="swap_whole"),
    CheckConstraint("person_id <> substitute_id", name="two_persons"),
    CheckConstraint("person_id IS NOT NULL OR back_since IS NULL", name="nobody_swaps"),
    Index("stand_in_unit", "unit_id", "since"),
)

stand_in_answer = Table(
    "stand_in_answer",
    metadata,
    Column("stand_in_id", BigInteger, ForeignKey("stand_in.id"), primary_key=True),
    Column("answer", Text, nullable=False),
    Column("answered_by", BigInteger, ForeignKey("person.id"), nullable=False),
    instant("answered_at", nullable=False),
    CheckConstraint("answer IN ('agreed', 'refused', 'withdrawn')", name="answer"),
)

"""Changes of the calendar, and how far open deadlines have been counted anew; what moved stands in the steps."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Date, ForeignKey, Identity, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from gis.tables import instant, metadata

calendar_turn = Table(
    "calendar_turn",
    metadata,
    Column("edition_id", Integer, ForeignKey("edition.id"), primary_key=True),
    Column("lane", Integer, primary_key=True, autoincrement=False, comment="a part of it that one worker has in hand"),
    Column("reached", BigInteger, nullable=False, server_default="0", comment="id of the last case looked at"),
    Column("last", BigInteger, comment="id of the lane's last case; empty: all that follow"),
    Column("cases", Integer, nullable=False, server_default="0", comment="with a running clock, looked at"),
    Column("moved", Integer, nullable=False, server_default="0", comment="of these, with a deadline that moved"),
    instant("begun_at", nullable=False),
    instant("done_at"),
)

calendar_change = Table(
    "calendar_change",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("name", Text, nullable=False, comment="the id its edition is to have"),
    Column("in_force", Date, nullable=False),
    Column("year", Integer, nullable=False, comment="that the notice is of"),
    Column("official", Boolean, nullable=False, comment="the year's own notice: confirms it"),
    Column("notice", Text, nullable=False, comment="as it was pasted"),
    Column("document", JSONB, nullable=False, comment="the whole calendar as it is to be"),
    Column("base_id", Integer, ForeignKey("edition.id"), nullable=False, comment="the edition it was begun from"),
    Column("state", Text, nullable=False, server_default="submitted"),
    Column("author_id", BigInteger, ForeignKey("person.id"), nullable=False),
    Column("reason", Text, nullable=False, comment="what it rests on"),
    Column("decided_by", BigInteger, ForeignKey("person.id")),
    Column("decision", Text, nullable=False, server_default=""),
    Column("edition_id", Integer, ForeignKey("edition.id"), comment="what it became"),
    instant("created_at", nullable=False),
    instant("decided_at"),
    CheckConstraint("state IN ('submitted', 'published', 'refused', 'withdrawn')", name="state"),
    CheckConstraint("state <> 'published' OR decided_by <> author_id", name="two_persons"),
)

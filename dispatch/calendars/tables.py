"""How far open deadlines have been counted anew after a change of calendar; what moved stands in the steps."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Table

from gis.tables import instant, metadata

calendar_turn = Table(
    "calendar_turn",
    metadata,
    Column("edition_id", Integer, ForeignKey("edition.id"), primary_key=True),
    Column("reached", BigInteger, nullable=False, server_default="0", comment="id of the last case looked at"),
    Column("cases", Integer, nullable=False, server_default="0", comment="with a running clock, looked at"),
    Column("moved", Integer, nullable=False, server_default="0", comment="of these, with a deadline that moved"),
    instant("begun_at", nullable=False),
    instant("done_at"),
)

"""Who answers: departments, district platforms, streets, companies and crews."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, ForeignKey, Index, Integer, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from gis.tables import metadata

unit = Table(
    "unit",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("tier", SmallInteger, nullable=False, comment="1 city, 2 district, 3 street or crew"),
    Column("parent_id", Text, ForeignKey("unit.id")),
    Column("types", ARRAY(Text), nullable=False, comment="responsible types it answers for"),
    Column("area_id", BigInteger, ForeignKey("area.id"), comment="its territory; empty: the whole city"),
    Column("ranking_group", Text),
    Column("terminal", Boolean, nullable=False, comment="false: served by printed sheet and a named proxy"),
    Column("platform", Boolean, nullable=False, comment="second-level platform: passes on to its sub-units"),
    Column("edition_id", Integer, ForeignKey("edition.id"), nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Index("unit_parent", "parent_id"),
)

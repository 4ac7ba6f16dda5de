"""Who answers: departments, district platforms, streets, companies and crews.

A unit's id is its identity for ever, and all that cases name. What it is called, stands under and answers for are
entries of the directory 名录, each from a day on; none is ever altered, only ended.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from gis.tables import dated, metadata

unit = Table("unit", metadata, Column("id", Text, primary_key=True))

unit_entry = Table(
    "unit_entry",
    metadata,
    Column("unit_id", Text, ForeignKey("unit.id"), primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("tier", SmallInteger, nullable=False, comment="1 city, 2 district, 3 street or crew"),
    Column("parent_id", Text, ForeignKey("unit.id")),
    Column("types", ARRAY(Text), nullable=False, comment="responsible types it answers for"),
    Column("area", Text, comment="its territory as level:code; empty: the whole city"),
    Column("ranking_group", Text),
    Column("terminal", Boolean, nullable=False, comment="false: served by printed sheet and a named proxy"),
    Column("platform", Boolean, nullable=False, comment="second-level platform: passes on to its sub-units"),
    *dated(key=True),
)

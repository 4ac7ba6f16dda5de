"""The catalogue: what may be reported, under which condition it is filed, and how long its disposal may take."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Integer, Numeric, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from gis.tables import metadata

category = Table(
    "category",
    metadata,
    Column("edition_id", Integer, ForeignKey("edition.id"), primary_key=True),
    Column("code", Text, primary_key=True),
    Column("position", Integer, nullable=False, comment="order of the catalogue's file"),
    Column("kind", Text, nullable=False),
    Column("class_code", Text, nullable=False),
    Column("class_name", Text, nullable=False),
    Column("class_name_en", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("types", ARRAY(Text), nullable=False, comment="responsible types, the first answers first"),
    Column("hazard", Boolean, nullable=False),
    Column("by_analogy", Boolean, nullable=False),
    Column("basis", Text, nullable=False),
)

filing_condition = Table(
    "filing_condition",
    metadata,
    Column("edition_id", Integer, ForeignKey("edition.id"), primary_key=True),
    Column("category", Text, primary_key=True),
    Column("no", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    Column("text_en", Text, nullable=False),
    Column("limit_value", Numeric, comment="empty: no limit"),
    Column("time_class", Text),
    Column("close_text", Text, nullable=False),
    Column("close_text_en", Text, nullable=False),
    Column("by_analogy", Boolean, nullable=False),
    Column("basis", Text, nullable=False),
)

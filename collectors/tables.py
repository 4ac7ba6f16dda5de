"""Shifts and tracks of inspectors."""

from __future__ import annotations

from geoalchemy2 import Geometry
from sqlalchemy import REAL, BigInteger, Column, ForeignKey, Identity, Index, Table, Text

from gis.tables import SRID, instant, metadata

shift = Table(
    "shift",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("person_id", BigInteger, ForeignKey("person.id"), nullable=False),
    Column("duty_grid", Text, ForeignKey("duty_grid.code")),
    instant("started_at", nullable=False),
    instant("ended_at"),
    Index("shift_person", "person_id", "started_at", unique=True),
)

track = Table(
    "track",
    metadata,
    Column("person_id", BigInteger, primary_key=True),
    instant("at", primary_key=True),
    Column("accuracy_m", REAL),
    Column("geom", Geometry("POINT", SRID, spatial_index=False), nullable=False),
    postgresql_partition_by="RANGE (at)",
)

"""Change sets and the rows they propose. Declared for the migrations; read by psycopg."""

from __future__ import annotations

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from gis.tables import SRID, instant, metadata

change_set = Table(
    "change_set",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("layer", Text, nullable=False, comment="key of a level of area, roads, components or duty_grids"),
    Column("state", Text, nullable=False, comment="draft, held, in_force, undone, withdrawn"),
    Column("author", Text, nullable=False, comment="login, or machine:<user> from the command line"),
    Column("reason", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("in_force", Date, nullable=False),
    Column("held_for", JSONB, nullable=False, server_default="[]", comment="why a second person is asked for"),
    Column("publisher", Text, comment="who put it in force"),
    Column("edition_id", Integer, ForeignKey("edition.id")),
    Column("undoes", Integer, ForeignKey("change_set.id"), comment="the set that this one takes back"),
    instant("created_at", nullable=False, server_default=text("clock_timestamp()")),
    instant("published_at"),
    Index("change_set_undoes", "undoes"),
)

change = Table(
    "change",
    metadata,
    Column("set_id", Integer, ForeignKey("change_set.id"), primary_key=True),
    Column("no", Integer, primary_key=True, comment="row of the file, or number of the stroke on the map"),
    Column("op", Text, nullable=False, comment="add, alter, end"),
    Column("code", Text, nullable=False),
    Column("said", JSONB, nullable=False, comment="the row's other columns; an area's parent as its code"),
    Column("geom", Geometry("GEOMETRY", SRID, spatial_index=False), comment="empty where the row is ended"),
    Column("old_id", BigInteger, comment="the row it ended, once in force"),
    Column("new_id", BigInteger, comment="the row it wrote, once in force"),
    Column("was", JSONB, comment="of a duty grid: what it said before, which no one row holds"),
    UniqueConstraint("set_id", "code"),
    Index("change_code", "code"),
)

"""Where things are: areas of every level, roads, components. Declared for the migrations; read by psycopg (`gis.db`).

Positions are stored in degrees, SRID 4490 (CGCS2000; WGS-84 within decimetres); `gis.crs` converts at the edge.
"""

from __future__ import annotations

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

SRID = 4490
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMES)
# A row that was ended on the day it began was in force on no day: the next one of that day takes its place.
ONE_A_DAY = "valid_to IS NULL OR valid_to > valid_from"


def instant(name: str, **more: object) -> Column[object]:
    """A column that holds an instant: timestamptz, UTC inside."""
    return Column(name, DateTime(timezone=True), **more)  # type: ignore[arg-type]


def dated(*, key: bool = False) -> tuple[Column[object], ...]:
    """What a row carries that holds from a day on: the edition that brought it, and its days (`key`: in its key)."""
    return (
        Column("edition_id", Integer, ForeignKey("edition.id"), nullable=False),
        Column("valid_from", Date, primary_key=key, nullable=False),
        Column("valid_to", Date, comment="first day on which it is no more"),
    )


edition = Table(
    "edition",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column(
        "kind",
        Text,
        nullable=False,
        comment="areas, roads, components, units, duty_grids, calendar, catalogue, rules, stages, settings, city",
    ),
    Column("name", Text, nullable=False, comment="the id given in city.toml"),
    Column("in_force", Date, nullable=False),
    Column("source", Text, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column(
        "content", JSONB, comment="the whole edition where it is a document: rules, calendar, stages, settings, city"
    ),
    instant("published_at", nullable=False, server_default=text("clock_timestamp()")),
    UniqueConstraint("kind", "name"),
)

city = Table(
    "city",
    metadata,
    Column("id", Integer, primary_key=True, server_default="1"),
    Column("name", Text, nullable=False),
    Column("folder", Text, nullable=False, comment="the folder's name under data/cities"),
    Column("document", JSONB, nullable=False, comment="city.toml as loaded"),
    Column("version", Integer, nullable=False, comment="counts loads, so that processes know their books are old"),
    Column(
        "rulings", Integer, nullable=False, server_default="0", comment="counts precedents, for those who keep them"
    ),
    Column("rehearsal", Integer, nullable=False, server_default="0", comment="1: simulated cases live here, for ever"),
    instant("simulated_now", comment="set while a rehearsal's clock replaces the real one"),
    instant("cards_until", comment="lapses known by then have been looked at for cards"),
)

area = Table(
    "area",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("level", Text, nullable=False, comment="key of a level of city.toml"),
    Column("depth", SmallInteger, nullable=False, comment="1 at the top"),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("name_en", Text, nullable=False, server_default=""),
    Column("parent_id", BigInteger, ForeignKey("area.id")),
    Column("path", ARRAY(BigInteger), nullable=False, comment="ids from the top level down to this area"),
    Column("area_class", SmallInteger),
    Column("land_use", Text, nullable=False, server_default=""),
    Column("is_local", Integer, nullable=False, server_default="0"),
    Column("area_m2", BigInteger, nullable=False, server_default="0"),
    Column(
        "finest",
        Integer,
        nullable=False,
        server_default="0",
        comment="1: unit grid, the level that places are found in",
    ),
    Column("edition_id", Integer, ForeignKey("edition.id"), nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date, comment="first day on which it is no more"),
    Column("geom", Geometry("MULTIPOLYGON", SRID, spatial_index=False), nullable=False),
    Index("area_code", "level", "code", "valid_from"),
    Index("area_one_a_day", "level", "code", "valid_from", unique=True, postgresql_where=text(ONE_A_DAY)),
    Index("area_geom", "geom", postgresql_using="gist"),
    Index("area_parent", "parent_id"),
)

# The code of a duty grid is its identity for ever; what it is called, covers and who walks it are dated rows.
duty_grid = Table("duty_grid", metadata, Column("code", Text, primary_key=True))

duty_grid_entry = Table(
    "duty_grid_entry",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("duty_grid", Text, ForeignKey("duty_grid.code"), nullable=False),
    Column("name", Text, nullable=False),
    *dated(),
    Index("duty_grid_entry_open", "duty_grid", unique=True, postgresql_where=text("valid_to IS NULL")),
)

duty_grid_area = Table(
    "duty_grid_area",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("grid", Text, nullable=False, comment="code of the unit grid, which outlives its rows"),
    Column("duty_grid", Text, ForeignKey("duty_grid.code"), nullable=False),
    *dated(),
    Index("duty_grid_area_unit_grid", "grid"),
    Index("duty_grid_area_open", "grid", unique=True, postgresql_where=text("valid_to IS NULL")),
)

road = Table(
    "road",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("name_en", Text, nullable=False, server_default=""),
    Column("class", Text, nullable=False, comment="key of [road_classes] of city.toml"),
    Column("edition_id", Integer, ForeignKey("edition.id"), nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("geom", Geometry("LINESTRING", SRID, spatial_index=False), nullable=False),
    Column(
        "counts",
        Geometry("MULTILINESTRING", SRID, spatial_index=False),
        comment="what road_trims.csv leaves of it; empty: it is no road for duty; null: all of it counts",
    ),
    Column("trims", JSONB, comment="the rows of road_trims.csv: from_m, to_m, reason"),
    Index("road_code", "code", "valid_from"),
    Index("road_one_a_day", "code", "valid_from", unique=True, postgresql_where=text(ONE_A_DAY)),
    Index("road_geom", "geom", postgresql_using="gist"),
)

component = Table(
    "component",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("code", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("area_id", BigInteger, ForeignKey("area.id"), comment="unit grid"),
    Column("supervisor", Text),
    Column("owner", Text),
    Column("maintainer", Text),
    Column("state", Text, nullable=False, server_default="intact"),
    Column("accuracy", Text, nullable=False, server_default="", comment="A 0.5 m, B 1 m, C 10 m"),
    Column("edition_id", Integer, ForeignKey("edition.id"), nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("geom", Geometry("POINT", SRID, spatial_index=False), nullable=False),
    Index("component_code", "code", "valid_from"),
    Index("component_one_a_day", "code", "valid_from", unique=True, postgresql_where=text(ONE_A_DAY)),
    Index("component_geom", "geom", postgresql_using="gist"),
    Index("component_category", "category"),
)

# How many components stand in a cell of the map; written by the component table's own triggers, by no role.
component_cell = Table(
    "component_cell",
    metadata,
    Column("level", SmallInteger, primary_key=True, comment="the zoom whose tiles are the cells"),
    Column("x", Integer, primary_key=True),
    Column("y", Integer, primary_key=True),
    Column("class", Text, primary_key=True, comment="class code of the catalogue; empty: not in it"),
    Column("valid_from", Date, primary_key=True),
    Column("valid_to", Date, primary_key=True, comment="infinity: no end"),
    Column("n", Integer, nullable=False),
)

spot = Table(
    "spot",
    metadata,
    Column("code", Text, primary_key=True),
    Column("kind", Text, nullable=False, comment="door, or the city's own word for such a place"),
    Column("name", Text, nullable=False, server_default=""),
    Column("name_en", Text, nullable=False, server_default=""),
    Column("road", Text, nullable=False, server_default="", comment="name of the road it is a door of"),
    Column("number", Text, nullable=False, server_default=""),
    Column("geom", Geometry("POINT", SRID, spatial_index=False), nullable=False),
)

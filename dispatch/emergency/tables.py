"""Emergency teams and whether they serve; spare parts, and their stock: ledgers to which is only ever added."""

from __future__ import annotations

from geoalchemy2 import Geometry
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Time,
    UniqueConstraint,
    Uuid,
    text,
)

from gis.tables import SRID, instant, metadata

# Of teams.csv: no history, as nothing points to a row; what people say of a team names it by its id.
team = Table(
    "team",
    metadata,
    Column("id", Text, primary_key=True),
    Column("unit_id", Text, ForeignKey("unit.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("members", Integer, nullable=False),
    Column("skills", Text, nullable=False),
    Column("skills_en", Text, nullable=False),
    Column("classes", ARRAY(Text), nullable=False, comment="kind:class of the catalogue that it answers"),
    Column("geom", Geometry("POINT", SRID, spatial_index=False), nullable=False),
    Column("days", Text, nullable=False, comment="all, work, off, or ISO weekdays: on which its shift begins"),
    Column("starts", Time, nullable=False, comment="wall time of the city"),
    Column("ends", Time, nullable=False, comment="not after starts: the next day"),
    Column("key", LargeBinary, nullable=False, comment="its own; without it the telephone is noise"),
    Column("phone", LargeBinary, nullable=False, comment="concealed"),
    Column("vehicles", Text, nullable=False, server_default=""),
    Column("vehicles_en", Text, nullable=False, server_default=""),
)

team_service = Table(
    "team_service",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("team_id", Text, nullable=False, comment="of the city's file, whose rows a load replaces"),
    Column("reason", Text, comment="why it is out of service; empty: it is back"),
    instant("until", comment="when it is back by itself"),
    Column("person_id", BigInteger, ForeignKey("person.id"), nullable=False),
    instant("at", nullable=False),
    CheckConstraint(
        "num_nonnulls(reason, until) = 0 OR (reason IS NOT NULL AND until IS NOT NULL AND until > at)", name="out"
    ),
    Index("team_service_team", "team_id", "id"),
)

team_drill = Table(
    "team_drill",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("team_id", Text, nullable=False, comment="of the city's file, whose rows a load replaces"),
    Column("day", Date, nullable=False),
    Column("words", Text, nullable=False, comment="what was drilled"),
    Column("person_id", BigInteger, ForeignKey("person.id"), nullable=False),
    instant("at", nullable=False),
    Index("team_drill_team", "team_id", "day", "id"),
)

# Of spares.csv: what there is to be kept. How much of it is there, the movements say.
spare = Table(
    "spare",
    metadata,
    Column("id", Text, primary_key=True),
    Column("unit_id", Text, ForeignKey("unit.id"), nullable=False),
    Column("category", Text, nullable=False, comment="the component's subclass it is a part of"),
    Column("name", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("depot", Text, nullable=False),
    Column("depot_en", Text, nullable=False),
    Column("low", Integer, nullable=False, comment="fewer than so many are few"),
    Column("listed", Boolean, nullable=False, server_default="true", comment="false: the city's file has it no more"),
    CheckConstraint("low >= 0", name="low"),
    Index("spare_category", "category"),
)

# A count that differs from the ledger: asked for by one person, agreed to by another.
stock_count = Table(
    "stock_count",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("spare_id", Text, ForeignKey("spare.id"), nullable=False),
    Column("counted", Integer, nullable=False),
    Column("quantity", Integer, nullable=False, comment="what was counted less what the ledger said then"),
    Column("reason", Text, nullable=False),
    Column("asked_by", BigInteger, ForeignKey("person.id"), nullable=False),
    instant("asked_at", nullable=False),
    Column("answer", Text, comment="agreed, refused, or withdrawn by who asked"),
    Column("answered_by", BigInteger, ForeignKey("person.id")),
    instant("answered_at"),
    CheckConstraint("counted >= 0 AND quantity <> 0", name="counted"),
    CheckConstraint(
        "num_nonnulls(answer, answered_by, answered_at) IN (0, 3) AND answer IN ('agreed', 'refused', 'withdrawn') "
        "AND (answered_by = asked_by) = (answer = 'withdrawn')",
        name="two_persons",
    ),
    Index("stock_count_open", "spare_id", unique=True, postgresql_where=text("answer IS NULL")),
)

stock_movement = Table(
    "stock_movement",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("spare_id", Text, ForeignKey("spare.id"), nullable=False),
    Column("kind", Text, nullable=False, comment="received; used by the reply of a case; corrected after a count"),
    Column("quantity", Integer, nullable=False, comment="the stock is their sum"),
    Column("case_id", BigInteger),
    Column("seq", Integer, comment="the reply"),
    Column("count_id", BigInteger, ForeignKey("stock_count.id"), unique=True),
    Column("key", Uuid, unique=True, comment="of a receipt: sent twice it is one"),
    Column("person_id", BigInteger, ForeignKey("person.id"), comment="empty: the city's file, when it was loaded"),
    instant("at", nullable=False),
    ForeignKeyConstraint(["case_id", "seq"], ["step.case_id", "step.seq"]),
    UniqueConstraint("case_id", "seq", "spare_id"),
    CheckConstraint("kind IN ('received', 'used', 'corrected')", name="kind"),
    CheckConstraint(
        "quantity <> 0 AND (kind = 'received') <= (quantity > 0) AND (kind = 'used') <= (quantity < 0)", name="sign"
    ),
    CheckConstraint("num_nonnulls(case_id, seq) = CASE WHEN kind = 'used' THEN 2 ELSE 0 END", name="reply"),
    CheckConstraint("(count_id IS NOT NULL) = (kind = 'corrected')", name="count"),
    Index("stock_movement_spare", "spare_id", "id", postgresql_include=["quantity"]),
)

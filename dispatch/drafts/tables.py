"""Draft rulebooks and schemes of score, and what each night finds wrong with the rules in force.

What was published is an edition; the draft keeps who wrote it, who agreed, and the report.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from gis.tables import instant, metadata

rule_draft = Table(
    "rule_draft",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False, server_default="rules", comment="of edition: rules or schemes"),
    Column("name", Text, nullable=False, comment="the id its edition is to have"),
    Column("in_force", Date, nullable=False, comment="the day from which it is to decide"),
    Column(
        "base_id", Integer, ForeignKey("edition.id"), comment="the edition it was begun from; empty: there was none"
    ),
    Column("document", JSONB, nullable=False, comment="the whole edition as its file would say it"),
    Column("state", Text, nullable=False, server_default="draft"),
    Column("version", Integer, nullable=False, server_default="1", comment="counts changes"),
    Column("author_id", BigInteger, ForeignKey("person.id"), nullable=False),
    Column("writers", ARRAY(BigInteger), nullable=False, comment="all who changed it; none of them may publish it"),
    Column("reason", Text, nullable=False, server_default=""),
    Column("report", JSONB, comment="the effect it was submitted with"),
    Column("decided_by", BigInteger, ForeignKey("person.id")),
    Column("decision", Text, nullable=False, server_default="", comment="what the second person said"),
    Column("edition_id", Integer, ForeignKey("edition.id"), comment="what it became"),
    instant("created_at", nullable=False),
    instant("submitted_at"),
    instant("decided_at"),
    CheckConstraint("state IN ('draft', 'submitted', 'published', 'dropped')", name="state"),
    CheckConstraint("state <> 'published' OR decided_by <> ALL (writers)", name="two_persons"),
    CheckConstraint("kind IN ('rules', 'schemes')", name="kind"),
    CheckConstraint("kind <> 'rules' OR base_id IS NOT NULL", name="base"),
    Index("rule_draft_open", "kind", "name", unique=True, postgresql_where=text("state IN ('draft', 'submitted')")),
)

rule_check = Table(
    "rule_check",
    metadata,
    Column("day", Date, primary_key=True, comment="of the city; one check a day"),
    instant("at", nullable=False),
    Column("city_version", Integer, nullable=False, comment="loads and changes the city had seen"),
    Column("edition_id", Integer, ForeignKey("edition.id"), nullable=False, comment="the rules that were looked at"),
    Column("findings", JSONB, nullable=False),
    Column("fresh", Integer, nullable=False, comment="severe ones that the check before had not"),
)
